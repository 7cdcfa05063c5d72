// Seals or opens AEAD_AES_256_GCM with OpenSSL's code, through node:crypto: `openssl enc` refuses every AEAD cipher.
//
//   node gcm.mjs seal KEY NONCE ASSOCIATED_DATA < plain   prints base64(ciphertext ‖ tag)
//   node gcm.mjs open KEY NONCE ASSOCIATED_DATA < sealed  prints the plaintext, fails if the tag does not fit
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [verb, key, nonce, associatedData] = process.argv.slice(2);
const input = readFileSync(0);
if (verb === 'seal') {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(input), cipher.final(), cipher.getAuthTag()]);
  process.stdout.write(sealed.toString('base64'));
} else {
  const sealed = Buffer.from(input.toString(), 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(sealed.subarray(-16));
  process.stdout.write(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]));
}
