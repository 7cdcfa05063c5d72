// Starts `wxpay sandbox` and speaks to its admin, as the payer and as the owner of the merchant's backend.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

// startSandbox gives what the sandbox says of itself in its first line, and the variables of the file it left for its clients.
export async function startSandbox(binary, data, forward, ...flags) {
  const child = spawn(binary, [
    'sandbox', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', data, '--json',
    ...Object.entries(forward).flatMap(([from, to]) => ['--forward', `${from}=${to}`]),
    ...flags,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const line = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('wxpay sandbox did not say where it listens within 20 s')), 20_000);
    createInterface(child.stdout).once('line', (first) => { clearTimeout(late); resolve(first); });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`wxpay sandbox ended with ${code} before it said where it listens`)));
  });
  return { child, ...JSON.parse(line) };
}

// readEnv reads NAME=value lines, quoted or not.
export function readEnv(name) {
  const pairs = readFileSync(name, 'utf8').split('\n')
    .map((line) => /^(?:export )?(\w+)=(['"]?)(.*)\2$/.exec(line.trim())).filter(Boolean);
  return Object.fromEntries(pairs.map(([, key, , value]) => [key, value]));
}

// postAdmin asks the admin for something and gives its answer.
export async function postAdmin(base, path, body = {}) {
  const response = await fetch(new URL(path, base), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}
