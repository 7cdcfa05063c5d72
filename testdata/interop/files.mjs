// Files in both directions: a picture and a bill by the plugin and by `wxpay`, which must come to the same bytes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Multipart } from 'wechatpay-axios-plugin';
import { postAdmin } from './sandbox.mjs';

const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const hash = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');

// upload sends a file as the plugin's users do: meta is signed, the form is sent.
async function upload(wxpay, path, name, content) {
  const meta = { filename: name, sha256: hash('sha256', content) };
  const form = new Multipart();
  form.append('meta', JSON.stringify(meta), 'meta.json');
  form.append('file', content, name);
  const { data } = await wxpay.chain(path).post(form.getBuffer(), { meta, headers: { ...form.getHeaders() } });
  return data;
}

export const files = (binary, sandbox) => async ({ wxpay, admin, mchid }) => {
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-interop-'));
  const ours = (...args) => promisify(execFile)(binary, [...args, '--env-file', sandbox.env_file], { timeout: 20_000, encoding: 'buffer' });
  try {
    // One picture, sent by each and fetched by the other.
    const images = 'v3/merchant-service/images';
    const picture = randomBytes(1 << 18);
    const at = join(folder, '证照 1.png');
    writeFileSync(at, picture);
    const theirs = await upload(wxpay, `${images}/upload`, '证照 1.png', picture);
    const { stdout } = await ours('upload', at, '--to', `${images}/upload`);
    const own = JSON.parse(stdout);
    assert.deepEqual(Object.keys(own), Object.keys(theirs));
    await ours('download', `${images}/${theirs.media_id}`, '-o', join(folder, 'theirs.png'));
    assert.deepEqual(readFileSync(join(folder, 'theirs.png')), picture);
    const back = await wxpay.chain(`${images}/{media_id}`).get({ media_id: own.media_id, responseType: 'arraybuffer' });
    assert.deepEqual(Buffer.from(back.data), picture);
    const wrong = await upload(wxpay, 'v3/merchant/media/upload', 'a.gif', picture).catch((e) => e);
    assert.equal(wrong.response?.status, 400, 'a picture of another kind was taken');

    // One bill, fetched by each.
    const { data: order } = await wxpay.v3.pay.transactions.jsapi.post({
      appid: 'wxd678efh567hg6787', mchid, description: '茶', out_trade_no: 'interop-bill-1', notify_url: 'https://yourapp.com/paid',
      amount: { total: 4500 }, payer: { openid },
    });
    await postAdmin(admin, `/sandbox/payers/${openid}/pay`, { prepay_id: order.prepay_id });
    const { time } = await postAdmin(admin, '/sandbox/clock/advance', { duration: '0s' });
    await postAdmin(admin, '/sandbox/clock/advance', { duration: '36h' });
    const day = new Date(Date.parse(time) + 8 * 3600_000).toISOString().slice(0, 10);
    const { data: bill } = await wxpay.v3.bill.tradebill.get({ params: { bill_date: day } });
    const address = new URL(bill.download_url);
    const { data: text } = await wxpay.chain(address.pathname.slice(1)).get({
      params: Object.fromEntries(address.searchParams), responseType: 'arraybuffer',
    });
    assert.equal(hash('sha1', Buffer.from(text)), bill.hash_value);
    await ours('download', 'v3/bill/tradebill', '-q', `bill_date=${day}`, '-q', 'tar_type=GZIP', '-o', join(folder, 'bill.csv'));
    assert.deepEqual(readFileSync(join(folder, 'bill.csv')), Buffer.from(text));
    assert.match(Buffer.from(text).toString(), /interop-bill-1/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return 'files: a picture up by each and down by the other, and a bill by both, byte for byte';
};
