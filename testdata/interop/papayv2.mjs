// 委托代扣 in APIv2. The plugin signs every message with MD5 or HMAC-SHA256 and refuses every answer whose sign it cannot make itself.
import assert from 'node:assert/strict';
import { postAdmin } from './sandbox.mjs';

const appid = 'wxd678efh567hg6787';
const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const nonceless = { nonceless: true }; // papay's own calls carry a version instead

export async function papayV2({ wxpay, receiver, mchid, admin }) {
  const { papay, pay, secapi } = wxpay.v2;
  const own = { appid, mch_id: mchid };
  const named = { plan_id: '12535', contract_code: '100000' };
  const entry = {
    ...own,
    ...named,
    request_serial: '1000',
    contract_display_account: '微信代扣',
    notify_url: 'https://yourapp.com/v2',
    version: '1.0',
    timestamp: String(Math.floor(Date.now() / 1000)),
  };
  // The H5 page, whose sign is an HMAC. The values are signed as they are and encoded once.
  const h5 = { ...entry, contract_code: '100001', clientip: '119.145.83.6', sign_type: 'HMAC-SHA256', notify_url: 'https://yourapp.com/v2/+' };
  const { data: page } = await papay.h5entrustweb.get({ params: h5, ...nonceless });
  assert.match(page.redirect_url, /^https:/);

  const { data: session } = await papay.preentrustweb.post(entry, nonceless);
  await postAdmin(admin, `/sandbox/payers/${openid}/agree`, { token: session.pre_entrustweb_id });
  const { resource: added } = await receiver.next('/v2');
  assert.equal(added.change_type, 'ADD');
  assert.equal(added.openid, openid);
  const { data: contract } = await papay.querycontract.post({ ...own, ...named, version: '1.0' }, nonceless);
  assert.equal(contract.contract_state, '0');
  assert.equal(contract.contract_id, added.contract_id);
  assert.equal(contract.contract_display_account, '微信代扣');

  const debit = {
    ...own,
    body: '水电代扣',
    attach: 'a&b <c> "d"',
    out_trade_no: 'interopv2',
    total_fee: '888',
    spbill_create_ip: '8.8.8.8',
    notify_url: 'https://yourapp.com/debit',
    trade_type: 'PAP',
    contract_id: contract.contract_id,
    sign_type: 'HMAC-SHA256',
  };
  await pay.pappayapply.post(debit);
  const { resource: paid } = await receiver.next('/debit');
  assert.equal(paid.trade_state, 'SUCCESS');
  assert.equal(paid.attach, debit.attach);
  const again = await pay.pappayapply.post(debit).then(() => assert.fail('paid twice'), (error) => error);
  assert.equal(again.response?.data?.err_code, 'ORDERPAID', again.message);

  const refund = { ...own, out_trade_no: 'interopv2', out_refund_no: 'r1', total_fee: '888', refund_fee: '1' };
  await secapi.pay.refund.post({ ...refund, notify_url: 'https://yourapp.com/refund' });
  const soon = await fetch(new URL('/sandbox/clock/advance', admin), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ duration: '2m' }),
  });
  assert.equal(soon.status, 200);
  const { resource: refunded } = await receiver.next('/refund');
  assert.equal(refunded.refund_status, 'SUCCESS');

  await papay.deletecontract.post({ ...own, ...named, contract_termination_remark: '测试', version: '1.0' }, nonceless);
  const { resource: deleted } = await receiver.next('/notify');
  assert.equal(deleted.change_type, 'DELETE');
  assert.equal(deleted.contract_termination_mode, '3');
  return 'papay in APIv2: signed, notified, queried, debited, refunded, deleted; MD5, HMAC-SHA256 and req_info';
}
