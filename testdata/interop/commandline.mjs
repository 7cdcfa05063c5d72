// The other way round: our client calls a server that knows nothing but the plugin, which verifies the request and signs the reply.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';

const platform = (name) => readFileSync(new URL(`../vectors/keys/platform-${name}.pem`, import.meta.url));

export async function judgeCommandLine(binary, sandbox) {
  const merchant = new X509Certificate(readFileSync(sandbox.certificate)).publicKey;
  let problem = new Error('nobody called');
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    problem = judge(request, Buffer.concat(chunks).toString(), merchant);
    const [timestamp, nonce, body] = [`${Formatter.timestamp()}`, Formatter.nonce(), '{"presign_token":"来自插件"}'];
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Wechatpay-Timestamp': timestamp,
      'Wechatpay-Nonce': nonce,
      'Wechatpay-Serial': 'PUB_KEY_ID_1',
      'Wechatpay-Signature': Rsa.sign(Formatter.response(timestamp, nonce, body), platform('pkcs8')),
    }).end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    const { stdout } = await promisify(execFile)(binary, [
      'call', 'POST', 'v3/edu-papay/contracts/presign', '--query', 'note=微 +%', '--data', '{"user_id":"学生 A"}',
      '--env-file', sandbox.env_file, '--host', `http://127.0.0.1:${server.address().port}`,
      '--public-key-id', 'PUB_KEY_ID_1', '--public-key', new URL('../vectors/keys/platform-public.pem', import.meta.url).pathname,
    ], { timeout: 20_000 });
    if (problem) throw problem;
    assert.match(stdout, /来自插件/);
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
  return 'wxpay call: the plugin verifies its signature, and it the plugin\'s';
}

function judge(request, body, key) {
  try {
    const [, scheme, rest] = /^(\S+) (.*)$/.exec(request.headers.authorization);
    const { nonce_str: nonce, timestamp, signature } = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]));
    assert.equal(scheme, 'WECHATPAY2-SHA256-RSA2048');
    assert.ok(
      Rsa.verify(Formatter.request(request.method, request.url, timestamp, nonce, body), signature, key),
      'the plugin refuses the signature of wxpay call',
    );
    return null;
  } catch (error) {
    return error;
  }
}
