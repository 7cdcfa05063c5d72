#!/usr/bin/env node
// Runs the wxpay binary that npm installed for this platform as an optional dependency, with this process's input, output,
// signals and exit code.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

const { name: self, version, optionalDependencies: platforms = {} } = require('../package.json');
const name = `${self}-${process.platform}-${process.arch}`;

// What wxpay would choose, but for --lang.
const { WXPAY_LANG, LC_ALL, LC_MESSAGES, LANG } = process.env;
const chinese = /^zh($|[-_.@])/i.test(WXPAY_LANG || LC_ALL || LC_MESSAGES || LANG || Intl.DateTimeFormat().resolvedOptions().locale);

// fail says what is wrong, and then what to do, each in English and in Chinese.
function fail([english, zh], ...hints) {
  console.error(chinese ? `错误：${zh}` : `error: ${english}`);
  for (const [hint, zhHint] of hints) console.error(chinese ? `提示：${zhHint}` : `hint:  ${hint}`);
  process.exit(1);
}

function find() {
  if (!(name in platforms)) {
    const there = Object.keys(platforms).map((p) => p.slice(self.length + 1)).join(', ');
    const build = 'go install github.com/wxpay-go/wxpay/cmd/wxpay@latest';
    fail(
      [`there is no wxpay for ${process.platform} on ${process.arch}`, `wxpay 没有 ${process.platform} ${process.arch} 的版本`],
      [`there is for ${there}; elsewhere build it with Go: ${build}`, `现有的版本：${there}；其他平台请用 Go 编译：${build}`],
    );
  }
  const file = process.platform === 'win32' ? 'wxpay.exe' : 'wxpay';
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch {
    fail(
      [`the package ${name}, which has the program itself, is not installed`, `没有安装 ${name}，程序本身在这个包里`],
      ['it is an optional dependency: install again without --omit=optional or --no-optional, on this kind of machine ' +
        '(node_modules that were copied from another one have the program for that one)',
      '它是可选依赖：请在本机重新安装，不要加 --omit=optional 或 --no-optional（从别的机器复制来的 node_modules 里是那台机器的程序）'],
      [`or install it by its name: npm install ${name}@${version}`, `或者直接安装它：npm install ${name}@${version}`],
    );
  }
}

const child = spawn(find(), process.argv.slice(2), { stdio: 'inherit', windowsHide: false });

// A terminal sends Ctrl-C to both; wxpay takes a second signal within a second for the same one. On Windows it goes to both by
// itself, and handing it on would kill.
const signals = process.platform === 'win32' ? [] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
for (const signal of signals) process.on(signal, () => child.kill(signal));
if (process.platform === 'win32') process.on('SIGINT', () => {});

child.on('error', (error) => fail([`the program cannot be started: ${error.message}`, `程序无法启动：${error.message}`]));
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  for (const s of signals) process.removeAllListeners(s);
  process.kill(process.pid, signal); // ends as the program did
  setTimeout(() => process.exit(128 + constants.signals[signal]), 1000); // where that signal ends nobody
});
