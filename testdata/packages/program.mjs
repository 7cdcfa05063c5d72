// Runs programs to their end, or until they are ready.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

// run gives what a program printed and how it ended.
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000, ...options });
  assert.ok(!done.error, `${command} ${args.join(' ')}: ${done.error?.message}`);
  return { code: done.status, signal: done.signal, out: done.stdout, err: done.stderr };
}

// succeed runs a program that has to end well, and gives what it printed.
export function succeed(command, args, options) {
  const { code, out, err } = run(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${out}${err}`);
  return out;
}

// start leaves a program running, and gives the first line that it prints. It is ended with this process, if not before.
export async function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  child.stderr.on('data', (chunk) => { said += chunk; });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal, said })));
  // In a group of its own, all that it has started ends with it.
  const end = () => { try { process.kill(options.detached ? -child.pid : child.pid, 'SIGKILL'); } catch { /* it has ended */ } };
  process.on('exit', end);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), ended]);
  assert.ok(first.value, `${command} ${args.join(' ')} printed nothing: ${said}`);
  return { child, ended, first: first.value, pid: child.pid, end };
}
