// What a story of nodesdks.mjs needs: a server that is notified, steps with names, and the sandbox's word for what was wrong.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { postAdmin } from './sandbox.mjs';

export const appid = 'wxd678efh567hg6787';
export const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const admin = process.env.WXPAY_ADMIN;

// Inbox receives notifications at 127.0.0.1 and answers each with what reply says.
export class Inbox {
  constructor(reply) {
    this.arrived = [];
    this.waiting = [];
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        this.arrived.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.end(reply);
        this.waiting.splice(0).forEach((wake) => wake());
      });
    });
  }

  async listen(port) {
    await new Promise((resolve) => { this.server.listen(port, '127.0.0.1', resolve); });
  }

  // next gives the next notification for path.
  async next(path) {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const i = this.arrived.findIndex((message) => message.path === path);
      if (i >= 0) return this.arrived.splice(i, 1)[0];
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no notification came to ${path} within 20 s`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => { clearTimeout(timer); resolve(); });
      });
    }
  }

  close() {
    this.server.closeAllConnections?.();
    this.server.close();
  }
}

// tell takes the steps in their order, ends the process at the first that fails, and gives their names.
export async function tell(sdk, steps) {
  for (const [name, run] of Object.entries(steps)) {
    try {
      await run();
    } catch (error) {
      console.error(`interop: ${sdk}: ${name}: ${error.stack}`);
      process.exit(1);
    }
  }
  return Object.keys(steps).join(', ');
}

export const pay = (prepayID) => postAdmin(admin, `/sandbox/payers/${openid}/pay`, { prepay_id: prepayID });
export const monthLater = () => postAdmin(admin, '/sandbox/clock/advance', { duration: '744h' });

// explained has the sandbox's journal say what was wrong with the last call.
export async function explained(word) {
  const response = await fetch(new URL('/sandbox/journal?newest=1', admin), { signal: AbortSignal.timeout(20_000) });
  const [call] = (await response.json()).data;
  assert.equal(call.mistake, word, call.hint);
}
