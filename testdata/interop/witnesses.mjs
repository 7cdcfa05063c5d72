// The plugin reads the vectors of testdata/vectors, which openssl made and our Go tests hold themselves to: three parties, one truth.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Aes, Formatter, Hash, Rsa } from 'wechatpay-axios-plugin';

const file = (name) => new URL(`../vectors/${name}`, import.meta.url);
const read = (name) => JSON.parse(readFileSync(file(`${name}.json`)));
const text = (name) => readFileSync(file(name), 'utf8');

export function readWitnesses() {
  const merchant = text('keys/merchant-public.pem');
  const platform = text('keys/platform-certificate.pem');
  for (const name of ['request-post', 'request-get', 'request-delete']) {
    const v = read(name);
    const message = Formatter.request(v.method, v.uri, v.timestamp, v.nonce, v.body);
    assert.equal(message, text(v.message), `${name}: the plugin would sign other bytes`);
    assert.ok(Rsa.verify(message, v.signature, merchant), `${name}: the plugin refuses the signature`);
    assert.equal(Rsa.sign(message, text('keys/merchant-pkcs8.pem')), v.signature, `${name}: the plugin signs otherwise`);
  }
  for (const name of ['reply-200', 'reply-204', 'notification']) {
    const v = read(name);
    const message = Formatter.response(v.timestamp, v.nonce, v.body);
    assert.equal(message, text(v.message), `${name}: the plugin would verify other bytes`);
    assert.ok(Rsa.verify(message, v.signature, platform), `${name}: the plugin refuses the signature`);
  }
  for (const name of ['gcm-resource', 'gcm-certificate', 'gcm-no-associated-data']) {
    const v = read(name);
    const plain = Aes.AesGcm.decrypt(v.ciphertext, v.apiv3_key, v.nonce, v.associated_data);
    assert.equal(plain, text(v.plain), `${name}: the plugin opens something else`);
  }
  for (const name of ['v2-md5', 'v2-hmac']) {
    const v = read(name);
    assert.equal(Hash.sign(v.sign_type, v.fields, v.apiv2_key), v.signature, `${name}: the plugin signs otherwise`);
  }
  for (const name of ['v2-req-info', 'v2-req-info-block']) {
    const v = read(name);
    assert.equal(Aes.AesEcb.decrypt(v.ciphertext, Hash.md5(v.apiv2_key).toLowerCase()), text(v.plain), `${name}: the plugin opens something else`);
  }
  const field = read('oaep-field');
  assert.equal(Rsa.decrypt(field.ciphertext, text('keys/merchant-pkcs8.pem')), text(field.plain), 'oaep-field');
  for (const [name, last] of [['pay-jsapi', (v) => `prepay_id=${v.prepay_id}`], ['pay-app', (v) => v.prepay_id]]) {
    const v = read(name);
    const message = Formatter.joinedByLineFeed(v.appid, v.timestamp, v.nonce, last(v));
    assert.ok(Rsa.verify(message, v.signature, merchant), `${name}: the plugin refuses the signature`);
  }
}
