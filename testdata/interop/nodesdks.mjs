// Two SDKs with WeChat Pay's host built in, unmodified: wechatpay-node-v3 (APIv3) and tenpay (APIv2).
//
//	node nodesdks.mjs WXPAY_BINARY DATA_FOLDER
//
// Node 18 and 20 know no proxy of their own, so each story runs in a node started from a shell that `wxpay env --for node` set up:
// what it sets makes that node's calls to WeChat Pay's hosts arrive at the sandbox.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { startSandbox } from './sandbox.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // so that 'exit' ends the sandbox

const [binary, data] = process.argv.slice(2);
assert.ok(binary && data, 'usage: node nodesdks.mjs WXPAY_BINARY DATA_FOLDER');

// A port that is free, for the server of the story: the sandbox has to know it first.
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

async function tell(story, mode) {
  const port = await freePort();
  const folder = `${data}-${story}-${mode}`;
  const sandbox = await startSandbox(binary, folder, { 'https://yourapp.com': `http://127.0.0.1:${port}` }, '--key-mode', mode);
  const file = fileURLToPath(new URL(`${story}.mjs`, import.meta.url));
  const shell = 'set -e; lines=$("$0" env --for node --data "$1"); eval "$lines"; exec node "$2" "$3"';
  const child = spawn('sh', ['-c', shell, binary, folder, file, String(port)], { stdio: 'inherit' });
  const code = await new Promise((resolve) => { child.once('exit', resolve); });
  sandbox.child.kill('SIGTERM');
  if (code !== 0) {
    console.error(`interop: ${story}, --key-mode ${mode}: failed at the step above`);
    process.exit(1);
  }
}

await tell('nodev3', 'certificate');
await tell('nodev3', 'public-key');
await tell('tenpay', 'certificate');
