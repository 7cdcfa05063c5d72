// Judges the sandbox, its notifications and our CLI by wechatpay-axios-plugin, unmodified apart from its base URL.
//
//   node run.mjs WXPAY_BINARY DATA_FOLDER
//
// The plugin refuses every reply whose signature does not verify, so each call below also judges a signature of ours.
import assert from 'node:assert/strict';
import { movedClock } from './clock.mjs';
import { judgeCommandLine } from './commandline.mjs';
import { files } from './files.mjs';
import { combinePapay, eduPapay, passwordExempt } from './flows.mjs';
import { certificate, client, oneKey, publicKey } from './keymode.mjs';
import { papayV2 } from './papayv2.mjs';
import { Receiver } from './receiver.mjs';
import { readEnv, startSandbox } from './sandbox.mjs';
import { readWitnesses } from './witnesses.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // so that 'exit' ends the sandbox

const [binary, data] = process.argv.slice(2);
assert.ok(binary && data, 'usage: node run.mjs WXPAY_BINARY DATA_FOLDER');
const step = (what) => console.log(`interop: ${what}`);

readWitnesses();
step('the plugin agrees with every test vector');

const receiver = new Receiver();
const sandbox = await startSandbox(binary, data, { 'https://yourapp.com': await receiver.listen() });
const env = readEnv(sandbox.env_file);
const platformKeys = { ...publicKey(sandbox), ...certificate(sandbox) };
receiver.trust(platformKeys, env.WXPAY_APIV3_KEY, env.WXPAY_APIV2_KEY);

const merchant = { mchid: sandbox.mchid, wxpay: client(sandbox, platformKeys), receiver, admin: sandbox.admin_url };
for (const flow of [combinePapay, passwordExempt, eduPapay, papayV2, movedClock, files(binary, sandbox)]) {
  step(await flow(merchant));
}
step(await judgeCommandLine(binary, sandbox));
for (const mode of ['certificate', 'public-key']) {
  step(await oneKey(binary, `${data}-${mode}`, mode));
}

sandbox.child.kill('SIGTERM');
receiver.close();
