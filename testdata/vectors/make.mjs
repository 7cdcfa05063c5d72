// Makes the witness vectors: every result below comes out of the openssl command (AES-GCM out of OpenSSL through node),
// never out of this project's own code. Each *.json keeps the command that made it, to be run in this folder.
//
//   node make.mjs             remakes every vector from keys/; git diff must then be empty
//   node make.mjs new-keys    makes new keys first, so every file changes
//
// Needs openssl 3 and node 18 or later, both in Debian's own archive.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

process.chdir(new URL('.', import.meta.url).pathname);

const sh = (command, input = '') => execFileSync('bash', ['-euo', 'pipefail', '-c', command], { input });
const text = (command, input) => sh(command, input).toString();
const save = (name, value) => writeFileSync(name, JSON.stringify(value, null, 2) + '\n');
const read = (name) => JSON.parse(readFileSync(name));
const lines = (...parts) => parts.map((part) => part + '\n').join('');

const LABEL = 'A throw-away key made for the test vectors of wxpay. It opens nothing.\n';
// Every timestamp below is in the first seconds of 2030: a new certificate is valid then, whenever it is made before.
const API_V3_KEY = 'wxpay-vectors-not-a-real-secret!'; // 32 bytes
const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001092026112100000000000001';
const SERIALS = { // 40 digits each; the platform's starts with 0, which careless formatting loses
  merchant: '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C',
  platform: '05A1C3E5079B2D4F60718293A4B5C6D7E8F90A1B',
};

const label = (file) => writeFileSync(file, LABEL + readFileSync(file, 'utf8').replace(/^[^-][^\n]*\n/, ''));

function newKeys() {
  for (const [name, serial] of Object.entries(SERIALS)) {
    const organization = name === 'merchant' ? '/O=Test merchant/CN=1900000109' : '/O=Test platform/CN=wxpay vectors';
    sh(`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out keys/${name}-pkcs8.pem`);
    sh(`openssl rsa -traditional -in keys/${name}-pkcs8.pem -out keys/${name}-pkcs1.pem 2>&1`);
    sh(`openssl pkey -in keys/${name}-pkcs8.pem -pubout -out keys/${name}-public.pem`);
    sh(`openssl req -new -x509 -key keys/${name}-pkcs8.pem -set_serial 0x${serial} -subj '${organization}' -days 36500 -sha256 -out keys/${name}-certificate.pem`);
    label(`keys/${name}-pkcs8.pem`);
    label(`keys/${name}-pkcs1.pem`);
  }
}

// makeKeys records what the four files of each key are, as openssl reads them back.
function makeKeys() {
  for (const name of Object.keys(SERIALS)) {
    const command = `openssl x509 -in keys/${name}-certificate.pem -noout -serial`;
    save(`key-${name}.json`, {
      about: `The ${name}'s key as PKCS#1, PKCS#8 and public PEM, and its certificate with a 40-digit serial.`,
      command,
      serial: text(command).trim().replace('serial=', ''),
      pkcs1: `keys/${name}-pkcs1.pem`,
      pkcs8: `keys/${name}-pkcs8.pem`,
      public: `keys/${name}-public.pem`,
      certificate: `keys/${name}-certificate.pem`,
      modulus: text(`openssl rsa -in keys/${name}-pkcs1.pem -noout -modulus`).trim().replace('Modulus=', ''),
      not_after: new Date(text(`openssl x509 -in keys/${name}-certificate.pem -noout -enddate`).trim().replace('notAfter=', '')).toISOString(),
    });
  }
}

// sign writes the exact bytes to be signed to NAME.message, signs them, has the public key check the result, and saves NAME.json.
function sign(name, signer, about, fields, message) {
  writeFileSync(`${name}.message`, message);
  const command = `openssl dgst -sha256 -sign keys/${signer}-pkcs8.pem ${name}.message | openssl base64 -A`;
  const check = `openssl dgst -sha256 -verify keys/${signer}-public.pem -signature <(openssl base64 -d -A <<<"$SIGNATURE") ${name}.message`;
  const signature = text(command);
  sh(`SIGNATURE='${signature}'; ${check}`);
  save(`${name}.json`, { about, command, check, key: `key-${signer}.json`, ...fields, message: `${name}.message`, signature });
}

function request(name, about, { method, uri, timestamp, nonce, body }) {
  sign(name, 'merchant', about, { method, uri, timestamp, nonce, body }, lines(method, uri, timestamp, nonce, body));
}

function reply(name, about, serial, { timestamp, nonce, body }) {
  sign(name, 'platform', about, { serial, timestamp, nonce, body }, lines(timestamp, nonce, body));
}

// seal has node's OpenSSL seal the text, and `openssl enc` read it back: AES-256-GCM is CTR from block 2 plus a tag.
function seal(name, about, { nonce, associatedData, plain }) {
  writeFileSync(`${name}.plain`, plain);
  const command = `node gcm.mjs seal '${API_V3_KEY}' '${nonce}' '${associatedData}' < ${name}.plain`;
  const ciphertext = text(command);
  const hex = (s) => Buffer.from(s).toString('hex');
  const check = `openssl base64 -d -A <<<"$CIPHERTEXT" | head -c -16 | openssl enc -d -aes-256-ctr -K ${hex(API_V3_KEY)} -iv ${hex(nonce)}00000002`;
  if (text(`CIPHERTEXT='${ciphertext}'; ${check}`) !== plain) throw new Error(`${name}: openssl enc reads another plaintext`);
  save(`${name}.json`, {
    about, command, check, apiv3_key: API_V3_KEY, nonce, associated_data: associatedData, plain: `${name}.plain`, ciphertext,
  });
  return { algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: associatedData, nonce };
}

// encrypt keeps the ciphertext that is there when it still opens: OAEP is random, so each run would change the file.
function encrypt(name, plain) {
  const padding = '-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1';
  const command = `openssl pkeyutl -encrypt -pubin -inkey keys/merchant-public.pem ${padding} -in ${name}.plain | openssl base64 -A`;
  const check = `openssl base64 -d -A <<<"$CIPHERTEXT" | openssl pkeyutl -decrypt -inkey keys/merchant-pkcs8.pem ${padding}`;
  const opens = (ciphertext) => {
    try { return text(`CIPHERTEXT='${ciphertext}'; ${check} 2>/dev/null`) === plain; } catch { return false; }
  };
  writeFileSync(`${name}.plain`, plain);
  const kept = existsSync(`${name}.json`) && read(`${name}.json`).ciphertext;
  const ciphertext = kept && opens(kept) ? kept : text(command);
  if (!opens(ciphertext)) throw new Error(`${name}: openssl cannot open its own ciphertext`);
  save(`${name}.json`, {
    about: 'A sensitive field: RSA-OAEP with SHA-1 and MGF1-SHA-1, no label, for the key of key-merchant.json.',
    command, check, key: 'key-merchant.json', plain: `${name}.plain`, ciphertext,
  });
}

if (process.argv[2] === 'new-keys') newKeys();
makeKeys();

request('request-post', 'A POST with a body of three-byte characters.', {
  method: 'POST',
  uri: '/v3/ecommerce/combine-papay/contracts/pre-entrust-sign',
  timestamp: '1893456000',
  nonce: 'fdasfsadsf7Aewr2UCWEyc4aRJZs1Qmz',
  body: '{"appid":"wxd678efh567hg6787","plan_id":12535,"out_contract_code":"wxwtdk20200910100000","contract_display_account":"微信代扣用户A","notify_url":"https://yourapp.com/notify","return_app":true}',
});
request('request-get', 'A GET with a query: signed as sent, percent-encoding included; the body is an empty line.', {
  method: 'GET',
  uri: '/v3/edu-papay/user/oUpF8uMuAJOM2pxb1Q/contracts?appid=wx8888888888888888&plan_id=101164396123311331&contract_status=ADD&note=%E5%BE%AE%20%2B',
  timestamp: '1893456001',
  nonce: '0123456789ABCDEFGHIJabcdefghij01',
  body: '',
});
request('request-delete', 'A DELETE without a body.', {
  method: 'DELETE',
  uri: '/v3/edu-papay/contracts/202611210000000001',
  timestamp: '1893456002',
  nonce: 'n0n2n4n6n8n0n2n4n6n8n0n2n4n6n8n0',
  body: '',
});

reply('reply-200', 'A reply with a body, signed under the platform certificate.', SERIALS.platform, {
  timestamp: '1893456003',
  nonce: 'c5ac7061fccab6bf3e254dcf98995b8c',
  body: '{"mchid":"1900000109","out_contract_code":"wxwtdk20200910100000","plan_id":12535,"pre_entrustweb_id":"5778aadY9nltAsZzXixCkFIGYnV2V"}',
});
reply('reply-204', 'A reply without a body (204): its line is empty but there. Signed under the platform public key.', PUBLIC_KEY_ID, {
  timestamp: '1893456004',
  nonce: 'd824f2e086d3c1df967785d13fcd22ef',
  body: '',
});

seal('gcm-certificate', 'A platform certificate as /v3/certificates delivers it.', {
  nonce: '61f9c719728a',
  associatedData: 'certificate',
  plain: readFileSync('keys/platform-certificate.pem', 'utf8'),
});
seal('gcm-no-associated-data', 'A resource without associated data.', {
  nonce: 'Zk7q0PbWc2Lx',
  associatedData: '',
  plain: '{"note":"用户A"}',
});
const resource = seal('gcm-resource', 'The resource of a signed contract: the one notification.json carries.', {
  nonce: 'fdasflkja484',
  associatedData: 'entrust',
  plain: '{"mchid":"1900000109","out_contract_code":"wxwtdk20200910100000","plan_id":12535,"appid":"wxd678efh567hg6787","openid":"o-MYE42l80oelYMDE34nYD456Xoy","operate_time":"2030-01-01T08:00:05+08:00","contract_expired_time":"2031-01-01T08:00:05+08:00","attach":"x"}',
});
reply('notification', 'A whole notification: signed envelope around gcm-resource.json.', SERIALS.platform, {
  timestamp: '1893456005',
  nonce: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  body: JSON.stringify({
    id: 'EV-2030010108000500001',
    create_time: '2030-01-01T08:00:05+08:00',
    resource_type: 'encrypt-resource',
    event_type: 'ECOMMERCE_ENTRUST.SIGN',
    summary: '委托代扣签约通知',
    resource: { original_type: 'entrust', ...resource },
  }),
});

encrypt('oaep-field', '张三 13800000000');

const prepayID = 'wx201410272009395522657a690389285100';
const launch = (name, about, fields, thirdLine) => sign(name, 'merchant', about, fields,
  lines(fields.appid, fields.timestamp, fields.nonce, thirdLine));
const launchFields = { appid: 'wxd678efh567hg6787', timestamp: '1893456006', nonce: '593BEC0C930BF1AFEB40B4A08C8FB242', prepay_id: prepayID };
launch('pay-jsapi', 'paySign of wx.requestPayment and WeixinJSBridge: the last line is the package, prepay_id=….', launchFields, `prepay_id=${prepayID}`);
launch('pay-app', 'sign of the app SDK\'s PayReq: the last line is the bare prepay id.', launchFields, prepayID);

// digest writes the joined string of an APIv2 message to NAME.message and has openssl digest it.
const API_V2_KEY = 'wxpayvectorsnotarealapiv2secret!';
function digest(name, about, fields, command, signType) {
  const joined = Object.keys(fields).sort().filter((key) => fields[key] !== '' && key !== 'sign').map((key) => `${key}=${fields[key]}`);
  writeFileSync(`${name}.message`, [...joined, `key=${API_V2_KEY}`].join('&'));
  save(`${name}.json`, {
    about, command, apiv2_key: API_V2_KEY, fields, sign_type: signType, message: `${name}.message`,
    signature: text(command).trim().toUpperCase(),
  });
}
const fields = {
  appid: 'wxcbda96de0b165486', mch_id: '1900000109', plan_id: '12535', contract_code: '100000', request_serial: '1000',
  contract_display_account: '微信代扣', notify_url: 'https://yourapp.com/notify?a=1&b=%2B', version: '1.0', timestamp: '1893456007',
  outerid: '', return_web: '1',
};
digest('v2-md5', 'An APIv2 message under MD5: sorted, without the empty ones, values raw.', fields, 'openssl dgst -md5 -r v2-md5.message | cut -d" " -f1', 'MD5');
digest('v2-hmac', 'The same under HMAC-SHA256; sign_type is signed as well.', { ...fields, sign_type: 'HMAC-SHA256' },
  `openssl dgst -sha256 -hmac '${API_V2_KEY}' -r v2-hmac.message | cut -d' ' -f1`, 'HMAC-SHA256');

// sealReqInfo has openssl encrypt the inner XML of an APIv2 refund notification, and read it back.
function sealReqInfo(name, about, plain) {
  writeFileSync(`${name}.plain`, plain);
  const key = `$(printf %s '${API_V2_KEY}' | openssl dgst -md5 -r | cut -c1-32 | tr -d '\\n' | od -An -tx1 | tr -d ' \\n')`;
  const command = `openssl enc -aes-256-ecb -K ${key} -in ${name}.plain | openssl base64 -A`;
  const check = `openssl base64 -d -A <<<"$CIPHERTEXT" | openssl enc -d -aes-256-ecb -K ${key}`;
  const ciphertext = text(command);
  if (text(`CIPHERTEXT='${ciphertext}'; ${check}`) !== plain) throw new Error(`${name}: openssl cannot open its own ciphertext`);
  save(`${name}.json`, { about, command, check, apiv2_key: API_V2_KEY, plain: `${name}.plain`, ciphertext });
}
sealReqInfo('v2-req-info', 'The req_info of an APIv2 refund notification.', '<root><out_refund_no><![CDATA[131811191610442717309]]></out_refund_no><refund_status><![CDATA[SUCCESS]]></refund_status><refund_recv_accout><![CDATA[支付用户零钱]]></refund_recv_accout></root>');
sealReqInfo('v2-req-info-block', 'A plaintext of whole blocks is padded by one more.', '<root><a>1234567890abc</a></root>'.slice(0, 32));
