// Moving the sandbox's clock must cut no other process off: this one has the machine's clock, signs and verifies by it, and knows
// nothing of the sandbox's.
import assert from 'node:assert/strict';
import { postAdmin } from './sandbox.mjs';

const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

// live pre-signs, has the payer agree, receives, queries, and downloads the certificates.
async function live({ wxpay, receiver, admin, mchid }, code) {
  const { data: session } = await wxpay.v3.ecommerce.combinePapay.contracts.preEntrustSign.post({
    appid: 'wxd678efh567hg6787', plan_id: 12535, out_contract_code: code, contract_display_account: '微信代扣用户A',
    notify_url: `https://yourapp.com/${code}`, return_app: true,
  });
  await postAdmin(admin, `/sandbox/payers/${openid}/agree`, { token: session.pre_entrustweb_id });
  const { type, resource } = await receiver.next(`/${code}`);
  assert.equal(type, 'ECOMMERCE_ENTRUST.SIGN');
  assert.equal(resource.out_contract_code, code);
  const path = 'v3/ecommerce/combine-papay/contracts/plan-id/{plan_id}/out-contract-code/{out_contract_code}';
  const { data: contract } = await wxpay.chain(path).get({ plan_id: 12535, out_contract_code: code });
  assert.equal(contract.contract_state, 'SIGNED');
  const { data: certificates } = await wxpay.v3.certificates.get();
  assert.ok(certificates.data.length > 0);
  await wxpay.v2.pay.orderquery.post({
    appid: 'wxd678efh567hg6787', mch_id: mchid, out_trade_no: 'nobody', nonce_str: 'n',
  }).then(() => assert.fail('an order that is not there was found'), ({ response }) => assert.equal(response?.data?.err_code, 'ORDERNOTEXIST'));
  await wxpay.chain(`${path}/terminate`).post({ contract_termination_remark: '测试' }, { plan_id: 12535, out_contract_code: code });
  await receiver.next('/notify');
  return Date.parse(resource.operate_time);
}

export async function movedClock(merchant) {
  const before = await live(merchant, 'clock0');
  await postAdmin(merchant.admin, '/sandbox/clock/advance', { duration: '13h' });
  const later = await live(merchant, 'clock13h');
  assert.ok(later - before >= 13 * 3600e3, 'the business did not move by 13 hours');
  await postAdmin(merchant.admin, '/sandbox/clock/advance', { duration: '8784h' });
  const muchLater = await live(merchant, 'clock1y');
  assert.ok(muchLater - later >= 8784 * 3600e3, 'the business did not move by a year');
  return 'the clock moved by 13 hours and by a year: called, received and verified as before';
}
