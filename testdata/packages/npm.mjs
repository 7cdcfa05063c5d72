// npm's packages: installed from their tarballs without network, and from a registry, run, called, and ended.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { run, start, succeed } from './program.mjs';

const scope = '@wxpay-go/';

export async function* judgeNPM(release) {
  const nowhere = 'http://127.0.0.1:9'; // nobody listens there
  const inside = (name, registry) => {
    const folder = mkdtempSync(join(release.temporary, `${name}-`));
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    const env = {
      ...process.env, npm_config_registry: registry, npm_config_cache: join(folder, '.cache'), npm_config_audit: 'false',
      npm_config_fund: 'false', npm_config_update_notifier: 'false', npm_config_fetch_retries: '0',
    };
    for (const variable of Object.keys(env)) if (/^(WXPAY_|LC_)/.test(variable)) delete env[variable];
    env.LANG = 'C.UTF-8';
    return { cwd: folder, env };
  };
  const says = new RegExp(`^wxpay ${release.version.replaceAll('.', '\\.')} go`);

  const here = inside('tarballs', nowhere);
  succeed('npm', ['install', '--offline', ...release.tarballs], here);
  assert.match(succeed('npx', ['wxpay', 'version'], here), says);
  assert.equal(run('npx', ['wxpay', 'call', 'GET'], here).code, 2, 'the exit code is not handed on');
  yield 'installed from the tarballs without a network: npx wxpay version';

  const sandbox = (data) => ['wxpay', 'sandbox', '--json', '--data', data, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const running = await start('npx', sandbox('first'), { ...here, detached: true });
  const { env_file: envFile, admin_url: admin } = JSON.parse(running.first);
  assert.match(succeed('npx', ['wxpay', 'call', 'GET', 'v3/certificates', '--env-file', envFile], here), /serial_no/);
  assert.match(succeed('npx', ['wxpay', 'call', 'POST', 'v3/security/echo', '-d', '@-', '--env-file', envFile],
    { ...here, input: '{"echo_message":"hello"}' }), /hello/);
  succeed('npx', ['wxpay', 'health', '--admin', admin], here);
  process.kill(-running.pid, 'SIGINT'); // as a terminal does: to npx, its shell, node and the program at once
  const { code, signal } = await running.ended; // of npx, whose shell may end by the signal when the program has ended with 0
  assert.ok(code === 0 || code === 130 || signal === 'SIGINT', `npx ended with ${code} ${signal}`);
  assert.equal(run('npx', ['wxpay', 'health', '--admin', admin], here).code, 1, 'the sandbox has outlived npx');
  yield 'npx wxpay sandbox: started, called, and ended by Ctrl-C';

  // npx hands a signal to its shell, and most shells hand it to nobody; so programs start what npm has linked.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const direct = await start(join(here.cwd, 'node_modules', '.bin', 'wxpay'), sandbox('first').slice(1), here);
    direct.child.kill(signal);
    assert.deepEqual(await direct.ended, { code: 0, signal: null, said: '' });
  }
  yield 'node_modules/.bin/wxpay sandbox: ended by a signal to it alone with exit code 0';

  const shim = join(here.cwd, 'node_modules', scope, 'wxpay', 'bin', 'wxpay.js');
  const strange = run('node', ['-e', `Object.defineProperty(process, 'platform', { value: 'aix' }); require(${JSON.stringify(shim)})`],
    here);
  assert.equal(strange.code, 1);
  assert.match(strange.err, /^error: there is no wxpay for aix on .*\nhint: .*go install/);
  const chinese = run('npx', ['wxpay', 'version', 'extra'], { ...here, env: { ...here.env, LANG: 'zh_CN.UTF-8' } });
  assert.match(chinese.err, /^错误：/);
  yield 'an unknown platform is told so; errors are in the language of the environment';

  const registry = await serve(release);
  const lean = inside('lean', registry.url);
  await registry.while('npm', ['install', '--omit=optional', `${scope}wxpay`], lean);
  const without = run('npx', ['wxpay', 'version'], lean);
  assert.equal(without.code, 1);
  assert.match(without.err, new RegExp(`error: the package ${scope}wxpay-.* is not installed\nhint: .*--omit=optional`));
  const once = inside('once', registry.url);
  assert.match(await registry.while('npx', ['--yes', `${scope}wxpay`, 'version'], once), says);
  registry.close();
  yield 'from a registry: npx @wxpay-go/wxpay, the other platform left out, and without optional dependencies a clear error';
}

// serve is a registry with the packed packages, and one for a platform that nobody has.
async function serve(release) {
  const packages = new Map();
  const add = (file) => {
    const manifest = JSON.parse(succeed('tar', ['xzOf', file, 'package/package.json']));
    packages.set(manifest.name, { manifest, bytes: readFileSync(file), file: basename(file) });
  };
  release.tarballs.forEach(add);
  const foreign = join(release.temporary, 'foreign', 'package');
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, 'package.json'), JSON.stringify({ name: `${scope}wxpay-aix-ppc64`, os: ['aix'], cpu: ['ppc64'],
    version: release.version.slice(1) }));
  const tarball = join(release.temporary, 'foreign.tgz');
  succeed('tar', ['czf', tarball, '-C', join(foreign, '..'), 'package']);
  add(tarball);
  const main = packages.get(`${scope}wxpay`).manifest;
  main.optionalDependencies[`${scope}wxpay-aix-ppc64`] = main.version;

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.slice(1));
    const found = packages.get(path);
    const file = [...packages.values()].find((p) => p.file === path);
    if (file) return response.end(file.bytes);
    if (!found) return response.writeHead(404).end('{}');
    const dist = { tarball: `${url}/${found.file}`,
      integrity: `sha512-${createHash('sha512').update(found.bytes).digest('base64')}` };
    const { name, version } = found.manifest;
    return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...found.manifest, dist } } }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url, close: () => server.close(),
    // This process serves, and so cannot wait as run does.
    async while(command, args, options) {
      const { spawn } = await import('node:child_process');
      const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => { out += chunk; });
      child.stderr.on('data', (chunk) => { err += chunk; });
      const code = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(code, 0, `${command} ${args.join(' ')}: ${out}${err}`);
      return out;
    },
  };
}
