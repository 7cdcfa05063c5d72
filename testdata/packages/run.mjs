// Judges what script/release has packed, as those who install it do, and the files by which it becomes an image.
//
//   node run.mjs FOLDER_OF_A_RELEASE VERSION TEMPORARY_FOLDER
//
// script/packages runs it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeCompletion } from './completion.mjs';
import { judgeCompose } from './compose.mjs';
import { judgeImage } from './image.mjs';
import { judgeNPM } from './npm.mjs';
import { judgeSBOM } from './sbom.mjs';

const [folder, version, temporary] = process.argv.slice(2);
assert.ok(folder && version && temporary, 'usage: node run.mjs FOLDER_OF_A_RELEASE VERSION TEMPORARY_FOLDER');
const release = {
  folder: resolve(folder), version, temporary: resolve(temporary),
  root: fileURLToPath(new URL('../..', import.meta.url)),
  tarballs: readdirSync(join(folder, 'npm')).filter((name) => name.endsWith('.tgz')).map((name) => resolve(folder, 'npm', name)),
};
release.binary = join(release.folder, 'npm', `wxpay-${process.platform}-${process.arch}`, 'bin', 'wxpay');

for (const judge of [judgeSBOM, judgeImage, judgeCompose, judgeCompletion, judgeNPM]) {
  const began = Date.now();
  for await (const found of judge(release)) console.log(`packages: ${found}`);
  console.log(`packages: ${judge.name}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
