// wechatpay-node-v3's story, in either key mode. The SDK verifies when it is asked to: verifySign, here for notifications.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { Inbox, appid, explained, monthLater, openid, pay, tell } from './story.mjs';
// docs: wechatpay-node-v3
import { readFileSync } from 'node:fs';
import WxPay from 'wechatpay-node-v3';

const env = process.env;
const wxpay = new WxPay({
  appid: 'wxd678efh567hg6787',
  mchid: env.WXPAY_MCHID,
  publicKey: readFileSync(env.WXPAY_CERTIFICATE), // the merchant's certificate, whatever its name here
  privateKey: readFileSync(env.WXPAY_PRIVATE_KEY),
  key: env.WXPAY_APIV3_KEY,
});
if (env.WXPAY_PUBLIC_KEY_ID) { // the public key; platform certificates are downloaded by the SDK
  WxPay.certificates[env.WXPAY_PUBLIC_KEY_ID] = readFileSync(env.WXPAY_PUBLIC_KEY, 'utf8');
}
// docs: end

// call is for what the SDK has no method for, by the parts that its methods are made of.
async function call(method, path, body, headers = {}) {
  const url = `https://api.mch.weixin.qq.com${path}`;
  const all = wxpay.getHeaders(wxpay.buildAuthorization(method, url, body), { 'Content-Type': 'application/json', ...headers });
  return body ? wxpay.httpService.post(url, body, all) : wxpay.httpService.get(url, all);
}

function ok(answer) {
  assert.equal(answer.status, 200, answer.error);
  return answer.data;
}

const inbox = new Inbox('');
await inbox.listen(Number(process.argv[2]));

function steps(no) {
  let order;
  const number = `nodev3${no}`;
  const open = async (path) => {
    const { headers, body } = await inbox.next(path);
    assert.ok(await wxpay.verifySign({
      timestamp: headers['wechatpay-timestamp'],
      nonce: headers['wechatpay-nonce'],
      serial: headers['wechatpay-serial'],
      signature: headers['wechatpay-signature'],
      body,
      apiSecret: env.WXPAY_APIV3_KEY,
    }), 'the SDK refuses the notification\'s signature');
    const { ciphertext, associated_data: data, nonce } = JSON.parse(body).resource;
    return wxpay.decipher_gcm(ciphertext, data, nonce, env.WXPAY_APIV3_KEY);
  };
  return {
    'pre-sign': async () => {
      const session = ok(await call('POST', '/v3/ecommerce/combine-papay/contracts/pre-entrust-sign', {
        appid, plan_id: 12535, out_contract_code: number, contract_display_account: '微信代扣用户A',
        notify_url: `https://yourapp.com/${number}`, return_app: true,
      }));
      assert.ok(session.pre_entrustweb_id);
    },
    order: async () => {
      order = ok(await wxpay.transactions_jsapi({
        description: '茶', out_trade_no: number, notify_url: `https://yourapp.com/${number}`,
        amount: { total: 100 }, payer: { openid },
      }));
    },
    notification: async () => {
      await pay(order.package.replace('prepay_id=', ''));
      assert.equal((await open(`/${number}`)).out_trade_no, number);
    },
    query: async () => assert.equal(ok(await wxpay.query({ out_trade_no: number })).trade_state, 'SUCCESS'),
    certificates: async () => {
      if (env.WXPAY_PUBLIC_KEY_ID) { // a merchant with the public key alone has none
        await assert.rejects(wxpay.get_certificates(env.WXPAY_APIV3_KEY), /拉取平台证书失败/);
        return;
      }
      const [{ serial_no: serial, publicKey }] = await wxpay.get_certificates(env.WXPAY_APIV3_KEY);
      assert.equal(serial, env.WXPAY_PLATFORM_SERIAL_NO);
      assert.match(publicKey, /BEGIN PUBLIC KEY/);
    },
    'encrypted field': async () => {
      const serial = env.WXPAY_PUBLIC_KEY_ID || env.WXPAY_PLATFORM_SERIAL_NO;
      const key = readFileSync(env.WXPAY_PUBLIC_KEY_ID ? env.WXPAY_PUBLIC_KEY : env.WXPAY_PLATFORM_CERTIFICATE);
      const answer = ok(await call('POST', '/v3/security/echo', {
        echo_message: '茶', encrypted_echo_message: wxpay.publicEncrypt('张三', key),
      }, { 'Wechatpay-Serial': serial }));
      assert.equal(wxpay.privateDecrypt(answer.encrypted_echo_message), '张三');
    },
  };
}

const sdk = `wechatpay-node-v3, --key-mode ${env.WXPAY_PUBLIC_KEY_ID ? 'public-key' : 'certificate'}`;
const done = await tell(sdk, steps('now'));
const refused = await tell(sdk, {
  'another private key': async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const wrong = new WxPay({ appid, mchid: env.WXPAY_MCHID, publicKey: readFileSync(env.WXPAY_CERTIFICATE), privateKey });
    const answer = await wrong.query({ out_trade_no: 'nobody' });
    assert.equal(answer.status, 401);
    assert.equal(JSON.parse(answer.error).code, 'SIGN_ERROR');
    await explained('unknown');
  },
  'the name of WeChat Pay\'s key as serial_no': async () => {
    const wrong = new WxPay({
      appid, mchid: env.WXPAY_MCHID, publicKey: readFileSync(env.WXPAY_CERTIFICATE), privateKey: readFileSync(env.WXPAY_PRIVATE_KEY),
      serial_no: env.WXPAY_PUBLIC_KEY_ID || env.WXPAY_PLATFORM_SERIAL_NO,
    });
    assert.equal((await wrong.query({ out_trade_no: 'nobody' })).status, 401);
    await explained(env.WXPAY_PUBLIC_KEY_ID ? 'serial-public-key-id' : 'serial-of-platform');
  },
});
await monthLater();
await tell(`${sdk}, a month later`, steps('later'));
inbox.close();
console.log(`interop: ${sdk}: ${done}; refused and explained: ${refused}; the same a month later`);
