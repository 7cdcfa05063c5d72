// The plugin's client, which takes the platform keys it is given and declares none, and merchants who have but one of them.
import { readFileSync } from 'node:fs';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { combinePapay } from './flows.mjs';
import { Receiver } from './receiver.mjs';
import { readEnv, startSandbox } from './sandbox.mjs';

export const publicKey = (sandbox) => ({ [sandbox.public_key_id]: readFileSync(sandbox.public_key) });

export function certificate(sandbox) {
  const [serial] = /[0-9A-F]{40}/.exec(sandbox.platform_certificate);
  return { [serial]: readFileSync(sandbox.platform_certificate) };
}

export function client(sandbox, certs) {
  return new Wechatpay({
    mchid: sandbox.mchid,
    serial: sandbox.serial_no,
    privateKey: readFileSync(sandbox.private_key),
    certs,
    secret: readEnv(sandbox.env_file).WXPAY_APIV2_KEY,
    baseURL: sandbox.url,
    timeout: 20_000,
  });
}

// oneKey plays a contract in a key mode, with a client and a receiver that know that key alone.
export async function oneKey(binary, data, mode) {
  const receiver = new Receiver();
  const forward = { 'https://yourapp.com': await receiver.listen() };
  const sandbox = await startSandbox(binary, data, forward, '--key-mode', mode);
  const key = mode === 'certificate' ? certificate(sandbox) : publicKey(sandbox);
  const env = readEnv(sandbox.env_file);
  receiver.trust(key, env.WXPAY_APIV3_KEY, env.WXPAY_APIV2_KEY);
  await combinePapay({ mchid: sandbox.mchid, wxpay: client(sandbox, key), receiver, admin: sandbox.admin_url });
  sandbox.child.kill('SIGTERM');
  receiver.close();
  return `--key-mode ${mode}: a plugin that knows no other key called, was notified and verified`;
}
