// The image, as far as it goes without Docker: the Dockerfile parses, and the program does what the image has it do, in a folder
// that has what the image has, as the image's user, with its environment.
import assert from 'node:assert/strict';
import { chownSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { run, start, succeed } from './program.mjs';

// dockerfile reads what the last stage says.
export function dockerfile(root) {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  assert.deepEqual(validate(text).map((problem) => problem.message), []);
  const file = DockerfileParser.parse(text);
  const all = file.getInstructions();
  const last = all.slice(all.findLastIndex((i) => i.getKeyword() === 'FROM'));
  const of = (keyword) => last.filter((i) => i.getKeyword() === keyword);
  const json = (instruction) => JSON.parse(/\[.*\]$/.exec(instruction.getRawArgumentsContent())[0]);
  assert.equal(of('FROM')[0].getImage(), 'scratch');
  return {
    user: of('USER')[0].getArgumentsContent(),
    env: Object.fromEntries(of('ENV').flatMap((i) => i.getProperties()).map((p) => [p.getName(), p.getValue()])),
    entrypoint: json(of('ENTRYPOINT')[0]), command: json(of('CMD')[0]), health: json(of('HEALTHCHECK')[0]),
  };
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function* judgeImage(release) {
  const image = dockerfile(release.root);
  assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/, 'the user is a number, for there is no passwd in the image, and not root');
  assert.deepEqual([image.entrypoint, image.command, image.health], [['/wxpay'], ['sandbox'], ['/wxpay', 'health']]);
  yield `the Dockerfile parses; it runs ${[...image.entrypoint, ...image.command].join(' ')} as ${image.user}`;
  if (process.platform !== 'linux' || process.getuid() !== 0) {
    yield 'SKIPPED by script/packages: the program in an empty root, which only root of a Linux may make';
    return;
  }

  const chroot = succeed('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v chroot']).trim();
  const root = mkdtempSync(join(release.temporary, 'image-'));
  const [uid, gid] = image.user.split(':').map(Number);
  mkdirSync(join(root, 'data'));
  chownSync(join(root, 'data'), uid, gid);
  copyFileSync(release.binary, join(root, 'wxpay'));
  succeed('chmod', ['755', root, join(root, 'wxpay'), release.temporary]);
  // Other ports, for those of the image may be taken on this machine; a container has its own.
  const env = { ...image.env };
  for (const name of ['WXPAY_SANDBOX_LISTEN', 'WXPAY_SANDBOX_ADMIN']) {
    assert.match(env[name], /^0\.0\.0\.0:\d+$/);
    env[name] = `0.0.0.0:${await freePort()}`;
  }
  const inside = (words) => [`--userspec=${image.user}`, root, ...words];
  const container = await start(chroot, inside([...image.entrypoint, ...image.command]), { env });
  const health = run(chroot, inside(image.health), { env });
  assert.equal(health.code, 0, health.err);
  assert.match(succeed(chroot, inside([...image.entrypoint, 'call', 'GET', 'v3/certificates', '--env-file', '/data/wxpay.env']),
    { env }), /serial_no/);
  assert.equal(statSync(join(root, 'data', 'sandbox.db')).uid, uid);
  container.child.kill('SIGTERM'); // as docker stop does
  const { code, said } = await container.ended;
  assert.equal(code, 0, said);
  assert.equal(run(chroot, inside(image.health), { env }).code, 1, 'it is healthy, and has ended');
  assert.match(succeed(chroot, inside([...image.entrypoint, 'demo']), { env }), /All as it should be/);
  yield 'in a root with the program and /data alone it runs, is healthy, answers a call, ends by SIGTERM with 0, and plays the demo';
}
