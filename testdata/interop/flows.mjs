// The three contracts, from pre-sign to termination, with the values of the official samples. Each flow ends in a sentence of what was shown.
import assert from 'node:assert/strict';
import { postAdmin } from './sandbox.mjs';

const appid = 'wxd678efh567hg6787';
const openid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const notifyURL = (name) => `https://yourapp.com/${name}`;
const payer = (merchant, who, does, body) => postAdmin(merchant.admin, `/sandbox/payers/${who}/${does}`, body);

// refused gives the error body of a call that must fail.
async function refused(call, status, code) {
  const error = await call.then(() => assert.fail('a call succeeded that must not'), (e) => e);
  assert.equal(error.response?.status, status, error.message);
  assert.equal(error.response.data.code, code);
  return error.response.data;
}

export async function combinePapay(merchant) {
  const { wxpay, receiver, mchid } = merchant;
  const contracts = wxpay.v3.ecommerce.combinePapay.contracts;
  const request = {
    appid,
    plan_id: 12535,
    out_contract_code: 'wxwtdk20200910100000',
    contract_display_account: '微信代扣用户A',
    notify_url: notifyURL('combine-papay'),
    return_app: true,
    attach: 'x',
  };
  const { data: session } = await contracts.preEntrustSign.post(request);
  assert.ok(session.pre_entrustweb_id);
  assert.deepEqual({ ...session, pre_entrustweb_id: '' }, {
    mchid, plan_id: 12535, out_contract_code: request.out_contract_code, pre_entrustweb_id: '',
  });
  const invalid = await refused(contracts.preEntrustSign.post({ ...request, plan_id: '12535' }), 400, 'PARAM_ERROR');
  assert.match(invalid.message, /^无法将 JSON 输入源“\/body\/plan_id”/);
  assert.deepEqual(invalid.detail, { location: 'body', value: '12535' });

  await payer(merchant, openid, 'agree', { token: session.pre_entrustweb_id });
  const { type, resource } = await receiver.next('/combine-papay');
  assert.equal(type, 'ECOMMERCE_ENTRUST.SIGN');
  assert.equal(resource.out_contract_code, request.out_contract_code);
  assert.equal(resource.openid, openid);
  assert.equal(resource.attach, 'x');

  const path = 'v3/ecommerce/combine-papay/contracts/plan-id/{plan_id}/out-contract-code/{out_contract_code}';
  const named = { plan_id: 12535, out_contract_code: request.out_contract_code };
  const { data: contract } = await wxpay.chain(path).get(named);
  assert.equal(contract.contract_state, 'SIGNED');
  assert.equal(contract.contract_display_account, '微信代扣用户A');
  const end = await wxpay.chain(`${path}/terminate`).post({ contract_termination_remark: '测试 100%' }, named);
  assert.equal(end.data.out_contract_code, request.out_contract_code);
  const release = await receiver.next('/notify'); // the plan's own address
  assert.equal(release.type, 'ECOMMERCE_ENTRUST.TERMINATE');
  assert.equal((await wxpay.chain(path).get(named)).data.contract_state, 'TERMINATED');
  return 'combine-papay: pre-signed, agreed, notified, queried, terminated, notified';
}

export async function passwordExempt(merchant) {
  const { wxpay, receiver, mchid } = merchant;
  const { data: order } = await wxpay.v3.pay.transactions.jsapi.post({
    appid,
    mchid,
    description: '会员',
    out_trade_no: 'interop0001',
    notify_url: notifyURL('paid'),
    amount: { total: 100, currency: 'CNY' },
    payer: { openid },
  });
  const request = {
    appid,
    service_id: 12535,
    out_contract_code: 'wxwtdk20200910100001',
    notify_url: notifyURL('password-exempt'),
    contract_display_account: '微信代扣用户A',
    prepay_id: order.prepay_id,
    openid,
  };
  const presign = wxpay.v3.passwordExemptContract.contracts.ecommerce.preEntrustSign.payRedirectSign;
  const { data: session } = await presign.post(request);
  assert.deepEqual(session, { mchid, service_id: 12535, out_contract_code: request.out_contract_code });

  const { prompt } = await payer(merchant, openid, 'pay', { prepay_id: order.prepay_id });
  assert.ok(prompt, 'the payment brought no offer to sign');
  await payer(merchant, openid, 'agree-after-pay', { prepay_id: order.prepay_id });
  const paid = await receiver.next('/paid');
  assert.equal(paid.type, 'TRANSACTION.SUCCESS');
  assert.equal(paid.resource.amount.total, 100);
  const signed = await receiver.next('/password-exempt');
  assert.equal(signed.resource.out_contract_code, request.out_contract_code);
  assert.equal(signed.resource.service_id, 12535);

  const { data: contract } = await wxpay.v3.passwordExemptContract.contracts.serviceId.$service_id$.outContractCode.$out_contract_code$
    .get({ service_id: 12535, out_contract_code: request.out_contract_code });
  assert.equal(contract.contract_state, 'SIGNED');
  return 'password-exempt-contract: ordered, pre-signed, paid, agreed, notified of both, queried';
}

export async function eduPapay(merchant) {
  const { wxpay, receiver } = merchant;
  const parent = 'oUpF8uMuAJOM2pxb1Q';
  const request = {
    appid: 'wx8888888888888888',
    openid: parent,
    plan_id: '101164396123311331',
    user_id: '20200330tony',
    period_start_date: '2030-03-19',
    trade_scene: 'EDUCATION_PERIOD',
  };
  const { data: session } = await wxpay.v3.eduPapay.contracts.presign.post(request);
  await payer(merchant, parent, 'agree', { token: session.presign_token });
  const { type, resource } = await receiver.next('/notify');
  assert.equal(type, 'ENTRUST.SIGNING');
  assert.equal(resource.contract_information.contract_status, 'ADD');
  const contractID = resource.contract_information.contract_id;

  const query = { contract_id: contractID, params: { appid: request.appid } };
  const { data: contract } = await wxpay.v3.eduPapay.contracts.id.$contract_id$.get(query);
  assert.equal(contract.contract_information.contract_id, contractID);
  const { data: list } = await wxpay.v3.eduPapay.user.$openid$.contracts
    .get({ openid: parent, params: { appid: request.appid, plan_id: request.plan_id } });
  assert.equal(list.total_count, 1);
  await refused(wxpay.v3.eduPapay.contracts.presign.post(request), 400, 'ALREADY_EXISTS');

  const gone = await wxpay.v3.eduPapay.contracts.$contract_id$.delete({ contract_id: contractID });
  assert.equal(gone.status, 204); // an empty body, and its signature verified
  assert.equal((await receiver.next('/notify')).type, 'ENTRUST.RELEASE');
  return 'edu-papay: pre-signed, agreed, notified, queried twice, refused a second time, deleted (204), notified';
}
