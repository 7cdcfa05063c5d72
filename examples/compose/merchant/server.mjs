// A merchant's service in plain Node, without packages: it pre-signs 教育续费通 contracts and hears what became of them.
//
//   POST /subscribe {"openid":"…"}   pre-signs, and answers with the token that the payer's mini program opens WeChat with
//   GET  /contracts                  what the notifications told so far
//   POST /notify                     where WeChat Pay notifies
//
// WXPAY_ENV_FILE is the file that the sandbox writes; what is set in the environment stands before it.
import assert from 'node:assert/strict';
import { createDecipheriv, createPrivateKey, createPublicKey, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const env = { ...readEnv(process.env.WXPAY_ENV_FILE), ...process.env };
const privateKey = createPrivateKey(readFileSync(env.WXPAY_PRIVATE_KEY));
const apiV3Key = Buffer.from(env.WXPAY_APIV3_KEY);

// By what Wechatpay-Serial names: WeChat Pay's public key, its certificate, or, of a merchant who moves, either.
const platformKeys = new Map();
if (env.WXPAY_PUBLIC_KEY) platformKeys.set(env.WXPAY_PUBLIC_KEY_ID, createPublicKey(readFileSync(env.WXPAY_PUBLIC_KEY)));
if (env.WXPAY_PLATFORM_CERTIFICATE) {
  const certificate = new X509Certificate(readFileSync(env.WXPAY_PLATFORM_CERTIFICATE));
  platformKeys.set(certificate.serialNumber, certificate.publicKey);
}

const handled = new Set(); // ids of notifications: one may come twice
const contracts = new Map();

function readEnv(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at).replace(/^export /, ''), line.slice(at + 1).replace(/^'(.*)'$/, '$1')];
  }));
}

// call signs a call, sends it, and gives the answer once WeChat Pay's signature on it is verified.
async function call(method, path, body) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const timestamp = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString('hex');
  const signature = sign('sha256', `${method}\n${path}\n${timestamp}\n${nonce}\n${text}\n`, privateKey).toString('base64');
  const answer = await fetch(env.WXPAY_HOST + path, {
    method,
    body: text || undefined,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      Authorization: `WECHATPAY2-SHA256-RSA2048 mchid="${env.WXPAY_MCHID}",nonce_str="${nonce}",timestamp="${timestamp}",` +
        `serial_no="${env.WXPAY_SERIAL_NO}",signature="${signature}"`,
      ...(env.WXPAY_PUBLIC_KEY_ID && { 'Wechatpay-Serial': env.WXPAY_PUBLIC_KEY_ID }),
    },
  });
  const said = await answer.text();
  if (!answer.ok) {
    const { code, message } = JSON.parse(said);
    throw new Error(`${method} ${path}: HTTP ${answer.status}, ${code}: ${message}`);
  }
  assert.ok(isWeChatPays(Object.fromEntries(answer.headers), said), 'the answer is not signed by WeChat Pay');
  return JSON.parse(said);
}

// isWeChatPays says whether WeChat Pay signed a message, and lately.
function isWeChatPays(headers, body) {
  const key = platformKeys.get(headers['wechatpay-serial']);
  const timestamp = headers['wechatpay-timestamp'];
  if (!key || !(Math.abs(Date.now() / 1000 - timestamp) < 300)) return false;
  const signed = `${timestamp}\n${headers['wechatpay-nonce']}\n${body}\n`;
  return verify('sha256', signed, key, Buffer.from(headers['wechatpay-signature'] ?? '', 'base64'));
}

function open({ ciphertext, nonce, associated_data: data }) {
  const sealed = Buffer.from(ciphertext, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', apiV3Key, nonce).setAAD(Buffer.from(data ?? ''));
  cipher.setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString());
}

function firstOfNextMonth() {
  const beijing = new Date(Date.now() + 8 * 3600e3);
  return new Date(Date.UTC(beijing.getUTCFullYear(), beijing.getUTCMonth() + 1, 1)).toISOString().slice(0, 10);
}

const routes = {
  'POST /subscribe': async (_, body) => {
    const { openid } = JSON.parse(body);
    const session = await call('POST', '/v3/edu-papay/contracts/presign', {
      appid: 'wx8888888888888888', openid, plan_id: '101164396123311331', user_id: openid,
      period_start_date: firstOfNextMonth(), // a day from 1 to 28
      trade_scene: 'EDUCATION_PERIOD',
    });
    return [200, session];
  },
  'GET /contracts': async () => [200, [...contracts.values()]],
  'POST /notify': async (headers, body) => {
    if (!isWeChatPays(headers, body)) return [401, { code: 'SIGN_ERROR', message: 'not signed by WeChat Pay' }];
    const notification = JSON.parse(body);
    if (!handled.has(notification.id)) {
      const contract = open(notification.resource);
      contracts.set(contract.contract_id, { event: notification.event_type, ...contract });
      handled.add(notification.id);
      console.log(`${notification.event_type}: contract ${contract.contract_id}`);
    }
    return [204];
  },
};

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const route = routes[`${request.method} ${request.url}`];
  let [status, answer] = [404, { message: `there is ${Object.keys(routes).join(', ')}` }];
  try {
    if (route) [status, answer] = await route(request.headers, Buffer.concat(chunks).toString());
  } catch (error) {
    console.error(error.message);
    [status, answer] = [500, { message: error.message }];
  }
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(answer && `${JSON.stringify(answer)}\n`);
});
server.listen(env.PORT ?? 8080, () => console.log(`the merchant listens on port ${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0)); // in a container nobody else ends it
