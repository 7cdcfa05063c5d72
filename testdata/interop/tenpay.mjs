// tenpay's story: APIv2, whose every answer the SDK verifies, and refunds with the merchant's certificate.
import assert from 'node:assert/strict';
import { Inbox, appid, explained, monthLater, openid, pay, tell } from './story.mjs';
// docs: tenpay
import { readFileSync } from 'node:fs';
import Tenpay from 'tenpay';

const config = {
  appid: 'wxd678efh567hg6787',
  mchid: process.env.WXPAY_MCHID,
  partnerKey: process.env.WXPAY_APIV2_KEY,
  pfx: readFileSync(process.env.WXPAY_CERTIFICATE_P12),
  notify_url: 'https://yourapp.com/pay',
  refund_url: 'https://yourapp.com/refund',
};
const tenpay = new Tenpay(config);
// docs: end

const inbox = new Inbox('<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>');
await inbox.listen(Number(process.argv[2]));

// received has the SDK's own middleware read a notification.
async function received(kind) {
  const { body } = await inbox.next(`/${kind}`);
  const ctx = { request: { body } };
  let taken = false;
  await tenpay.middleware(kind)(ctx, () => { taken = true; });
  assert.ok(taken, `the SDK refuses the notification: ${ctx.body}`);
  return ctx.request.weixin;
}

function steps(no) {
  let order;
  const number = `tenpay${no}`;
  return {
    order: async () => {
      order = await tenpay.unifiedOrder({ body: '茶', out_trade_no: number, total_fee: 100, openid, sign_type: 'HMAC-SHA256' });
      assert.ok(tenpay.getPayParamsByPrepay(order).paySign);
    },
    notification: async () => {
      await pay(order.prepay_id);
      assert.equal((await received('pay')).out_trade_no, number);
    },
    query: async () => assert.equal((await tenpay.orderQuery({ out_trade_no: number })).trade_state, 'SUCCESS'),
    'refund with the certificate': async () => {
      await tenpay.refund({ out_trade_no: number, out_refund_no: `r${number}`, total_fee: 100, refund_fee: 1 });
    },
    'query of the refund': async () => {
      assert.equal((await tenpay.refundQuery({ out_trade_no: number })).refund_count, '1');
    },
    close: async () => {
      await tenpay.unifiedOrder({ body: '茶', out_trade_no: `${number}b`, total_fee: 100, openid });
      await tenpay.closeOrder({ out_trade_no: `${number}b` });
    },
  };
}

const done = await tell('tenpay', steps('now'));
await tell('tenpay', {
  'the APIv3 key in the place of APIv2\'s': async () => {
    const wrong = new Tenpay({ ...config, partnerKey: process.env.WXPAY_APIV3_KEY });
    await assert.rejects(wrong.orderQuery({ out_trade_no: 'nobody' }), /签名错误/);
    await explained('v2-key-of-v3');
  },
});
await monthLater();
await tell('tenpay, a month later', {
  'notification of the refund': async () => assert.equal((await received('refund')).req_info.refund_status, 'SUCCESS'),
  ...steps('later'),
});
inbox.close();
console.log(`interop: tenpay: ${done}; refused and explained: the APIv3 key in the place of APIv2's; the same a month later`);
