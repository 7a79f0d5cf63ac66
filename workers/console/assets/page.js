// The status page: asks for the figures each second and for the blocked items each two seconds.
// All text goes in as text, never as markup.
"use strict";

const STATES = {
  scheduled: "待定时 Scheduled", available: "待处理 Available", running: "处理中 Running",
  blocked: "待人工 Blocked", waiting: "等待外部 Waiting", retryable: "待重试 Retryable",
  completed: "已完成 Completed", returned: "已退回 Returned", cancelled: "已取消 Cancelled",
  failed: "失败 Failed",
};
const TIERS = { business: "业务", enforcement: "执法", integrity: "廉政" };
const LIMIT = 50;
const view = { items: [], next: null, trail: [null], filter: "", key: "opened_at", down: true };

const byId = (id) => document.getElementById(id);

function node(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
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

function live(on) {
  const mark = byId("live");
  const text = on ? "● 实时 live" : "● 已断开，正在重试 disconnected, trying again";
  if (mark.textContent !== text) mark.textContent = text;
  mark.className = on ? "on" : "off";
}

function showStates(counts) {
  byId("states").replaceChildren(...Object.entries(STATES).map(([state, label]) => {
    const tile = node("div", undefined, counts[state] ? state : "zero");
    tile.append(node("dt", label), node("dd", String(counts[state] ?? 0)));
    return tile;
  }));
}

function showBatches(batches) {
  if (batches.length === 0) {
    byId("batches").replaceChildren(node("p", "还没有批次。用 clerkwork batch submit 提交。 No batch yet: submit one with clerkwork batch submit.", "empty"));
    return;
  }
  byId("batches").replaceChildren(...batches.map((batch) => {
    const card = node("div", undefined, "batch");
    const head = node("p");
    head.append(node("strong", batch.reference), node("small", `${batch.ended} / ${batch.total} · 提交人 by ${batch.submitter}`));
    const bar = node("progress");
    bar.max = Math.max(batch.total, 1);
    bar.value = batch.ended;
    bar.setAttribute("aria-label", batch.reference);
    const counts = Object.entries(batch.counts).filter(([, n]) => n > 0).map(([state, n]) => `${STATES[state]} ${n}`);
    card.append(head, bar, node("small", counts.join(" · ")));
    return card;
  }));
}

function showFleet(status) {
  const facts = [
    ["规则版本 Policy", status.policy.slice(0, 16)],
    ["队列 Lanes", status.lanes.map((lane) => `${lane.lane} ${lane.entries ?? "?"}`).join(" · ")],
    ["死信 Dead letters", status.dead_letters ?? "?"],
    ["进程 Processes", status.workers.map((worker) => `${worker.name}（${worker.silent_seconds} s）`).join(" · ") || "无 none"],
    ["更新 Updated", localTime(status.at)],
  ];
  byId("fleet").replaceChildren(...facts.flatMap(([name, value]) => [node("dt", name), node("dd", String(value))]));
}

const sortable = {
  reference: (item) => item.reference,
  kind_zh: (item) => item.kind_zh,
  rule: (item) => (item.rules[0] ? item.rules[0].id : ""),
  opened_at: (item) => item.opened_at,
};

function showBlocked() {
  const wanted = view.filter.toLowerCase();
  const fits = (item) => !wanted || [item.reference, item.kind_zh, item.kind_en, ...item.rules.flatMap((rule) => [rule.id, rule.zh, rule.en])]
    .some((text) => text.toLowerCase().includes(wanted));
  const key = sortable[view.key];
  const items = view.items.filter(fits).sort((a, b) => key(a).localeCompare(key(b), "zh-CN") * (view.down ? -1 : 1));
  const rows = items.map((item) => {
    const row = node("tr");
    const rules = node("ul");
    for (const rule of item.rules) {
      const line = node("li");
      line.append(node("span", TIERS[rule.tier] ?? rule.tier, `tier ${rule.tier}`), rule.zh, node("br"), node("code", `${rule.id} — ${rule.en}`));
      rules.append(line);
    }
    const reasons = node("td");
    reasons.append(rules);
    row.append(node("td", item.reference), node("td", item.kind_zh), reasons, node("td", localTime(item.opened_at), "when"));
    return row;
  });
  if (rows.length === 0) {
    const cell = node("td", view.items.length === 0 ? "没有待人工处理的事项。 Nothing waits for a person." : "没有符合筛选的事项。 Nothing fits the filter.", "empty");
    cell.colSpan = 4;
    const row = node("tr");
    row.append(cell);
    rows.push(row);
  }
  byId("rows").replaceChildren(...rows);
  byId("shown").textContent = view.items.length ? `本页 ${items.length} / ${view.items.length}` : "";
  byId("newer").disabled = view.trail.length < 2;
  byId("older").disabled = view.next === null;
}

async function refreshStatus() {
  try {
    const status = await ask("/api/status");
    showStates(status.counts);
    showBatches(status.batches);
    showFleet(status);
    live(true);
  } catch {
    live(false);
  }
  setTimeout(refreshStatus, 1000);
}

async function loadBlocked() {
  const after = view.trail[view.trail.length - 1];
  const answer = await ask(`/api/blocked?limit=${LIMIT}${after ? `&after=${encodeURIComponent(after)}` : ""}`);
  const changed = JSON.stringify(answer.items) !== JSON.stringify(view.items) || answer.next !== view.next;
  view.items = answer.items;
  view.next = answer.next;
  // Rows are left alone while nothing changed, so that a selection in them stays.
  if (changed || byId("rows").children.length === 0) showBlocked();
}

async function refreshBlocked() {
  try { await loadBlocked(); } catch { live(false); }
  setTimeout(refreshBlocked, 2000);
}

byId("filter").addEventListener("input", (event) => { view.filter = event.target.value; showBlocked(); });
byId("older").addEventListener("click", () => { if (view.next) { view.trail.push(view.next); loadBlocked().catch(() => live(false)); } });
byId("newer").addEventListener("click", () => { if (view.trail.length > 1) { view.trail.pop(); loadBlocked().catch(() => live(false)); } });
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    view.down = view.key === button.dataset.key ? !view.down : false;
    view.key = button.dataset.key;
    for (const head of document.querySelectorAll("th")) head.setAttribute("aria-sort", "none");
    button.closest("th").setAttribute("aria-sort", view.down ? "descending" : "ascending");
    showBlocked();
  });
}
refreshStatus();
refreshBlocked();
