// Completion in a real bash, by the functions of the package bash-completion where they are.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { succeed } from './program.mjs';

const functions = '/usr/share/bash-completion/bash_completion';

export async function* judgeCompletion(release) {
  if (!existsSync(functions)) {
    const missing = 'SKIPPED by script/packages: completion in a bash; there is no bash-completion here';
    assert.ok(!process.env.WXPAY_NO_SKIPS, missing);
    yield missing;
    return;
  }
  const complete = (line) => succeed('bash', ['--norc', '-c', `
    source ${functions}
    source <(wxpay completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1} COMP_TYPE=9
    read -ra COMP_WORDS <<<"$1"
    [[ $1 != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    __start_wxpay
    printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', line],
  { env: { ...process.env, PATH: `${dirname(release.binary)}:${process.env.PATH}` } }).split('\n').map((w) => w.trim()).filter(Boolean);
  assert.deepEqual(complete('wxpay sand'), ['sandbox']);
  assert.deepEqual(complete('wxpay call POST v3/edu-papay/contracts/pre'), ['v3/edu-papay/contracts/presign']);
  assert.deepEqual(complete('wxpay sandbox --key-mode pub'), ['public-key']);
  assert.deepEqual(complete('wxpay sandbox --plan edu-'), ['edu-papay=']);
  yield "bash completes a verb, a path and flags' values";
}
