"use strict";
// The page shows every call without this; here they are sent, copied and searched.
const say = document.body.dataset;
const calls = [...document.querySelectorAll("details[data-method]")];

// word is a string as a POSIX shell reads it.
const word = (s) => "'" + s.replaceAll("'", "'\\''") + "'";

// read is what a call is sent with as the page stands; missing is the first variable without a value.
function read(call) {
  let missing = "";
  let path = call.querySelector("[data-path]").textContent;
  for (const input of call.querySelectorAll("[data-variable]")) {
    const value = input.value.trim();
    missing ||= value ? "" : input.dataset.variable;
    path = path.replace("{" + input.dataset.variable + "}", () => value ? encodeURIComponent(value) : input.dataset.variable.toUpperCase());
  }
  const query = new URLSearchParams();
  for (const input of call.querySelectorAll("[data-query]")) {
    if (input.value) query.append(input.dataset.query, input.value);
  }
  const box = call.querySelector("[data-body]");
  return { method: call.dataset.method, missing, path: path + (query.size ? "?" + query : ""), body: box ? box.value.trim() : "" };
}

function curl(call) {
  const { method, path, body } = read(call);
  let out = "curl " + (method === "GET" ? "" : "-X " + method + " ") + word(location.origin + path);
  if (method !== "GET") out += " -H 'Content-Type: application/json'";
  if (method !== "GET" && body) {
    let text = body;
    try { text = JSON.stringify(JSON.parse(body)); } catch { /* as it is typed */ }
    out += " \\\n  -d " + word(text);
  }
  return out;
}

function show(call, status, text, bad) {
  const answer = call.querySelector(".answer");
  answer.hidden = false;
  answer.classList.toggle("bad", bad);
  answer.querySelector(".status").textContent = status;
  answer.querySelector("code").textContent = text;
  answer.querySelector("pre").hidden = !text;
}

async function send(call) {
  const { method, missing, path, body } = read(call);
  if (missing) {
    show(call, say.fill.replace("{name}", missing), "", true);
    call.querySelector(`[data-variable="${missing}"]`).focus();
    return;
  }
  try { if (body) JSON.parse(body); } catch (e) {
    show(call, say.malformed, String(e.message), true);
    call.querySelector("[data-body]").focus();
    return;
  }
  const button = call.querySelector(".send");
  button.disabled = true;
  show(call, say.sending, "", false);
  try {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body: method === "GET" ? undefined : body || "{}" });
    let text = await answer.text();
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON */ }
    show(call, String(answer.status), text, !answer.ok);
  } catch {
    show(call, say.lost, "", true);
  }
  button.disabled = false;
  button.focus();
}

for (const call of calls) {
  const update = () => { call.querySelector("[data-curl]").textContent = curl(call); };
  update();
  call.addEventListener("input", update);
  call.querySelector(".send").addEventListener("click", () => send(call));
  call.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) send(call);
  });
  const box = call.querySelector("[data-body]");
  if (box) box.rows = Math.min(20, Math.max(3, box.value.split("\n").length));
  const copy = call.querySelector(".copy");
  copy.addEventListener("click", async () => {
    const text = curl(call), before = copy.textContent;
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = say.copied;
      setTimeout(() => { copy.textContent = before; }, 1500);
    } catch { // without the clipboard the command is at least selected
      getSelection().selectAllChildren(call.querySelector("[data-curl]"));
    }
  });
}

// Variables stay the same from call to call, until another value is typed.
document.addEventListener("change", (e) => {
  const name = e.target.dataset.variable;
  if (!name || name === "id") return;
  for (const input of document.querySelectorAll(`[data-variable="${name}"]`)) {
    input.value = e.target.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

const find = document.getElementById("find");
find.addEventListener("input", () => {
  const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const section of document.querySelectorAll("main > section")) {
    let some = false;
    for (const call of section.querySelectorAll("details[data-method]")) {
      const text = (call.dataset.method + " " + call.querySelector("[data-path]").textContent + " " + call.querySelector(".says").textContent).toLowerCase();
      call.hidden = !wanted.every((w) => text.includes(w));
      some ||= !call.hidden;
    }
    section.hidden = !some;
    any ||= some;
  }
  document.getElementById("nothing").hidden = any;
});

// The address may name a call.
function unfold() {
  const named = document.getElementById(location.hash.slice(1));
  if (named && named.matches("details")) named.open = true;
}
addEventListener("hashchange", unfold);
unfold();
for (const call of calls) {
  call.addEventListener("toggle", (e) => {
    if (e.target === call && call.open) history.replaceState(null, "", "#" + call.id);
  });
}
