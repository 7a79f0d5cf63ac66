// The status page: asks for the figures each second and for the items each two seconds.
// All text goes in as text, never as markup.
"use strict";

const STATES = {
  scheduled: ["待定时", "Scheduled"], available: ["待处理", "Available"], running: ["处理中", "Running"],
  blocked: ["待人工", "Blocked"], waiting: ["等待外部", "Waiting"], retryable: ["待重试", "Retryable"],
  completed: ["已完成", "Completed"], returned: ["已退回", "Returned"], cancelled: ["已取消", "Cancelled"],
  failed: ["失败", "Failed"],
};
const TIERS = { business: ["业务", "business"], enforcement: ["执法", "enforcement"], integrity: ["廉政", "integrity"] };
const LANES = { express: "加急 express", standard: "普通 standard", bulk: "批量 bulk" };
const LIMIT = 50;
const view = { state: "blocked", items: null, next: null, trail: [null], filter: "", key: "since", down: true };

const byId = (id) => document.getElementById(id);
const number = (n) => (n === null ? "?" : n.toLocaleString("zh-CN"));
const both = (label) => label.join(" ");

function node(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function localTime(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toLocaleString("zh-CN", { hour12: false });
}

async function ask(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const LIVE = "● 实时 live";
// After a restart the page has another token, and trying again does not help.
const TROUBLE = {
  401: "● 登录已失效，请打开启动时新显示的地址 signed out: open the address printed at the new start",
  503: "● 台账无响应，正在重试 the ledger does not answer, trying again",
};

function live(error) {
  put(byId("live"), error ? TROUBLE[error.message] ?? "● 已断开，正在重试 disconnected, trying again" : LIVE);
  byId("live").className = error ? "off" : "on";
}

// The tiles are made once, so that the keyboard's place among them stays.
function makeStates() {
  byId("states").replaceChildren(...Object.entries(STATES).map(([state, [zh, en]]) => {
    const tile = node("button");
    tile.type = "button";
    tile.dataset.state = state;
    const label = node("span", `${zh} `, "label");
    label.append(node("span", en));
    tile.append(label, node("span", "…", "figure"));
    tile.addEventListener("click", () => choose(state));
    return tile;
  }));
}

function showStates(counts) {
  for (const tile of byId("states").children) {
    const count = counts[tile.dataset.state] ?? 0;
    put(tile.querySelector(".figure"), number(count));
    tile.className = count === 0 ? "zero" : tile.dataset.state;
  }
}

function showBatches(batches) {
  if (batches.length === 0) {
    byId("batches").replaceChildren(node("p", "还没有批次。用 clerkwork batch submit 提交。 No batch yet: submit one with clerkwork batch submit.", "empty"));
    return;
  }
  byId("batches").replaceChildren(...batches.map((batch) => {
    const card = node("div", undefined, "batch");
    const share = batch.total === 0 ? 0 : batch.ended / batch.total;
    // Only what is through shows as 100.
    const percent = Math.floor(share * 100);
    const head = node("p");
    head.append(node("strong", batch.reference), node("span", `${number(batch.ended)} / ${number(batch.total)} · ${percent}%`, "figure"));
    const bar = node("progress");
    bar.max = Math.max(batch.total, 1);
    bar.value = batch.ended;
    bar.setAttribute("aria-label", batch.reference);
    const counts = Object.entries(batch.counts).filter(([, n]) => n > 0).map(([state, n]) => {
      const part = node("span", `${both(STATES[state])} `, `part ${state}`);
      part.append(node("b", number(n)));
      return part;
    });
    const foot = node("p", undefined, "parts");
    foot.append(...counts, node("span", `提交人 by ${batch.submitter}`, "by"));
    card.append(head, bar, foot);
    return card;
  }));
}

function showFleet(status) {
  const silence = (worker) => `${worker.name}（${number(worker.silent_seconds)} 秒前 s ago）`;
  const facts = [
    ["队列 Lanes", status.lanes.map((lane) => `${LANES[lane.lane]} ${number(lane.entries)}`).join(" · ")],
    ["死信 Dead letters", number(status.dead_letters)],
    ["进程 Processes", status.workers.map(silence).join(" · ") || "无 none"],
    ["规则版本 Policy", status.policy.slice(0, 16)],
    ["更新 Updated", localTime(status.at)],
  ];
  byId("fleet").replaceChildren(...facts.flatMap(([name, value]) => [node("dt", name), node("dd", value)]));
}

const sortable = {
  reference: (item) => item.reference,
  kind_zh: (item) => item.kind_zh,
  rule: (item) => (item.rules[0] ? item.rules[0].id : ""),
  since: (item) => item.since,
};

function reasonsOf(item) {
  const list = node("ul");
  for (const rule of item.rules) {
    const [zh, en] = TIERS[rule.tier] ?? [rule.tier, rule.tier];
    const tier = node("span", zh, `tier ${rule.tier}`);
    tier.title = en;
    const line = node("li");
    line.append(tier, rule.zh, node("small", rule.en), node("code", rule.id));
    list.append(line);
  }
  if (item.error) list.append(node("li", `技术原因 error: ${item.error}`, "error"));
  if (item.wait) {
    const line = node("li", item.wait.zh);
    line.append(node("small", item.wait.en));
    list.append(line);
    if (item.wait.deadline) list.append(node("li", `最迟 at the latest ${localTime(item.wait.deadline)}`));
  }
  if (item.due) list.append(node("li", `不早于 not before ${localTime(item.due)}`));
  if (item.attempt > 1) list.append(node("li", `第 ${item.attempt} 次处理 attempt ${item.attempt}`));
  return list.children.length ? list : document.createTextNode("—");
}

function rowOf(item) {
  const cells = [node("td", item.reference, "reference"), node("td", item.kind_zh), node("td"), node("td", localTime(item.since), "when")];
  cells[1].title = item.kind_en;
  cells[2].append(reasonsOf(item));
  const row = node("tr");
  row.append(...cells);
  return row;
}

function showItems() {
  const [zh, en] = STATES[view.state];
  const title = byId("items-title");
  title.replaceChildren(`${zh} `, node("span", view.state === "blocked" ? "Blocked: a person must decide" : en));
  for (const tile of byId("states").children) tile.setAttribute("aria-pressed", String(tile.dataset.state === view.state));
  byId("newer").disabled = view.trail.length < 2;
  byId("older").disabled = view.next === null;
  document.querySelector(".hint").hidden = view.state !== "blocked";
  if (view.items === null) {
    showNotice("加载中 loading …");
    return;
  }
  const wanted = view.filter.trim().toLowerCase();
  const texts = (item) => [item.reference, item.kind_zh, item.kind_en, item.error ?? "", ...item.rules.flatMap((rule) => [rule.id, rule.zh, rule.en])];
  const fits = (item) => !wanted || texts(item).some((text) => text.toLowerCase().includes(wanted));
  const key = sortable[view.key];
  const items = view.items.filter(fits).sort((a, b) => key(a).localeCompare(key(b), "zh-CN") * (view.down ? -1 : 1));
  put(byId("shown"), view.items.length ? `本页 this page ${items.length} / ${view.items.length}` : "");
  if (items.length > 0) byId("rows").replaceChildren(...items.map(rowOf));
  else if (view.items.length > 0) showNotice("没有符合筛选的事项。 Nothing fits the filter.");
  else showNotice(view.state === "blocked" ? "没有待人工处理的事项。 Nothing waits for a person." : "没有这种状态的事项。 No item is in this state.");
}

function showNotice(text) {
  const cell = node("td", text, "empty");
  cell.colSpan = 4;
  const row = node("tr");
  row.append(cell);
  byId("rows").replaceChildren(row);
}

async function refreshStatus() {
  try {
    const status = await ask("/api/status");
    showStates(status.counts);
    showBatches(status.batches);
    showFleet(status);
    live(null);
  } catch (error) {
    live(error);
  }
  setTimeout(refreshStatus, 1000);
}

async function loadItems() {
  const { state, trail } = view;
  const after = trail[trail.length - 1];
  const answer = await ask(`/api/items?state=${state}&limit=${LIMIT}${after ? `&after=${encodeURIComponent(after)}` : ""}`);
  // Somebody may have gone on while this was under way.
  if (state !== view.state || after !== view.trail[view.trail.length - 1]) return;
  // Rows are left alone while nothing changed, so that a selection in them stays.
  if (view.items !== null && JSON.stringify(answer.items) === JSON.stringify(view.items) && answer.next === view.next) return;
  view.items = answer.items;
  view.next = answer.next;
  showItems();
}

async function refreshItems() {
  try { await loadItems(); } catch (error) { live(error); }
  setTimeout(refreshItems, 2000);
}

function turn() {
  view.items = null;
  view.next = null;
  showItems();
  loadItems().catch(live);
}

function choose(state) {
  view.state = state;
  view.trail = [null];
  turn();
}

byId("filter").addEventListener("input", (event) => { view.filter = event.target.value; showItems(); });
byId("older").addEventListener("click", () => { if (view.next) { view.trail.push(view.next); turn(); } });
byId("newer").addEventListener("click", () => { if (view.trail.length > 1) { view.trail.pop(); turn(); } });
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    view.down = view.key === button.dataset.key ? !view.down : false;
    view.key = button.dataset.key;
    for (const head of document.querySelectorAll("th")) head.setAttribute("aria-sort", "none");
    button.closest("th").setAttribute("aria-sort", view.down ? "descending" : "ascending");
    showItems();
  });
}
makeStates();
showItems();
refreshStatus();
refreshItems();
