// A merchant's receiver of notifications that owes our code nothing: node's http server, and the plugin's own verification and AES.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Aes, Formatter, Hash, Rsa, Transformer } from 'wechatpay-axios-plugin';

export class Receiver {
  constructor() {
    this.arrived = [];
    this.waiting = [];
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        let event;
        try {
          event = this.open(request, Buffer.concat(chunks).toString());
        } catch (error) {
          event = { error };
        }
        if (event.v2) response.writeHead(200).end(Transformer.toXml({ return_code: 'SUCCESS', return_msg: 'OK' }));
        else response.writeHead(event.error ? 500 : 204).end();
        this.arrived.push(event);
        this.waiting.splice(0).forEach((wake) => wake());
      });
    });
  }

  async listen() {
    await new Promise((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  trust(platformKeys, apiV3Key, apiV2Key) {
    this.platformKeys = platformKeys;
    this.apiV3Key = apiV3Key;
    this.apiV2Key = apiV2Key;
  }

  // openV2 verifies an APIv2 notification, or opens the seal of a refund's.
  openV2(request, body) {
    const fields = Transformer.toObject(body);
    const v2 = { v2: true, path: request.url };
    if (fields.req_info) {
      const inner = Aes.AesEcb.decrypt(fields.req_info, Hash.md5(this.apiV2Key).toLowerCase());
      return { ...v2, resource: Transformer.toObject(inner.replace(/^<root>/, '<xml>').replace(/<\/root>$/, '</xml>')) };
    }
    const { sign, ...signed } = fields;
    assert.equal(Hash.sign('MD5', signed, this.apiV2Key), sign, 'the plugin refuses the notification\'s sign');
    return { ...v2, resource: fields };
  }

  open(request, body) {
    if (body.startsWith('<')) return this.openV2(request, body);
    const header = (name) => {
      assert.ok(request.headers[name], `the notification has no ${name}`);
      return request.headers[name];
    };
    const [timestamp, nonce, serial] = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-serial'].map(header);
    assert.ok(Math.abs(Formatter.timestamp() - timestamp) < 300, 'the notification is stale');
    assert.ok(this.platformKeys[serial], `the notification names key ${serial}, which we do not hold`);
    assert.ok(
      Rsa.verify(Formatter.response(timestamp, nonce, body), header('wechatpay-signature'), this.platformKeys[serial]),
      'the plugin refuses the notification\'s signature',
    );
    const envelope = JSON.parse(body);
    const { ciphertext, nonce: iv, associated_data: associatedData, algorithm } = envelope.resource;
    assert.equal(algorithm, 'AEAD_AES_256_GCM');
    const resource = JSON.parse(Aes.AesGcm.decrypt(ciphertext, this.apiV3Key, iv, associatedData));
    return { type: envelope.event_type, path: request.url, resource };
  }

  // next gives the next notification sent to path; any that failed a check fails the run.
  async next(path, seconds = 20) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const failed = this.arrived.find((event) => event.error);
      if (failed) throw failed.error;
      const i = this.arrived.findIndex((event) => event.path === path);
      if (i >= 0) return this.arrived.splice(i, 1)[0];
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no notification came to ${path} within ${seconds} s`);
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
