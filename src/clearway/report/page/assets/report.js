(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("script");

  // languages and colours: the style sheet does it by itself; here the page says which language it is in
  const wish = new URLSearchParams(location.search);
  const choose = (name, value) => {
    const found = value && all(`input[name=${name}]`).find((one) => one.value === value);
    if (found) found.checked = true;
  };
  const language = () => (document.querySelector("input[name=language]:checked") || { value: root.lang }).value;
  choose("language", wish.get("lang"));
  choose("colours", wish.get("theme"));
  const speak = () => { root.lang = language(); };
  all("input[name=language]").forEach((one) => one.addEventListener("change", speak));
  speak();
  if ($("print")) $("print").addEventListener("click", () => window.print());

  // the text that a reader sees: one language of it
  const seen = (element) => {
    const copy = element.cloneNode(true);
    all("span[lang]", copy).forEach((one) => { if (one.lang !== language()) one.remove(); });
    return copy.textContent.replace(/\s+/g, " ").trim();
  };

  // copying the sentence
  const copied = () => {
    const [idle, done] = [$("copy").querySelector(".idle"), $("copy").querySelector(".done")];
    idle.hidden = true; done.hidden = false;
    $("status").textContent = seen(done);
    setTimeout(() => { idle.hidden = false; done.hidden = true; $("status").textContent = ""; }, 2000);
  };
  const by_hand = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const worked = document.execCommand("copy");
    area.remove();
    return worked;
  };
  $("copy").addEventListener("click", async () => {
    const text = seen($("sentence"));
    try { await navigator.clipboard.writeText(text); copied(); } catch { if (by_hand(text)) copied(); }
  });

  // hovering
  const tip = $("tip");
  const hide = () => { tip.hidden = true; };
  const show = (target) => {
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const place = target.getBoundingClientRect();
    const left = Math.min(place.left + place.width / 2 - tip.offsetWidth / 2, root.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${place.top + scrollY - tip.offsetHeight - 8}px`;
  };
  const over = (event) => {
    const target = event.target.closest && event.target.closest("[data-tip]");
    if (target) show(target); else hide();
  };
  document.addEventListener("pointerover", over);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // the data: rows of [sender, receiver, standing, figure, ...], each table's in its own order
  const unpack = async () => {
    const bytes = Uint8Array.from(atob($("data").textContent.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };
  let promise = null;
  const data = () => (promise = promise || unpack());
  addEventListener("load", () => setTimeout(data, 200));
  const state = (letter) => {
    const found = all("span[data-state]", $("standings").content).find((one) => one.dataset.state === letter);
    return found ? found.cloneNode(true) : document.createTextNode("");
  };
  const tables = all("table.sortable");

  // maps: tabs, and cells that are reached by arrow keys
  const maps = all(".map"), tabs = all("[role=tab]");
  const select = (index, focus) => {
    maps.forEach((map, at) => map.classList.toggle("off", at !== index));
    tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === index));
      tab.tabIndex = at === index ? 0 : -1;
    });
    if (focus) tabs[index].focus();
  };
  maps.forEach((map, at) => { map.setAttribute("role", "tabpanel"); map.setAttribute("aria-labelledby", `tab-${at}`); });
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => select(at));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); select((at + step + tabs.length) % tabs.length, true); }
    });
  });
  if (tabs.length) select(Math.min(Number(wish.get("tab")) || 0, tabs.length - 1));

  const panel = async (sender, receiver) => {
    const known = await data(), list = $("panel-b");
    $("panel-t").textContent = `${sender} → ${receiver}`;
    list.replaceChildren();
    known.tables.forEach((rows, at) => {
      const row = rows.find((one) => known.nodes[one[0]] === sender && known.nodes[one[1]] === receiver);
      if (!row) return;
      const heads = all("thead th", tables[at]);
      row.slice(3).forEach((figure, index) => {
        if (figure === "") return;
        const term = document.createElement("dt"), value = document.createElement("dd");
        const title = heads[index + 3].cloneNode(true), unit = title.querySelector("small");
        const name = title.querySelector("button") || title;
        const shown = unit ? ` ${unit.textContent}` : "";
        if (unit) unit.remove();
        term.append(...name.childNodes);
        value.textContent = figure + shown;
        list.append(term, value);
      });
      if (row[2]) {
        const term = document.createElement("dt"), value = document.createElement("dd");
        term.textContent = tables[at].caption.textContent;
        value.append(state(row[2]));
        value.className = `s-${row[2]}`;
        list.prepend(term, value);
      }
    });
    $("panel").hidden = false;
  };
  all("table.heat").forEach((table) => {
    const rows = all("tbody tr", table).map((row) => all("td:not(.med)", row));
    if (!rows.length) return;
    table.setAttribute("role", "grid");
    const heads = all("thead th.col", table);
    let [here, there] = [0, rows[0].length > 1 ? 1 : 0];
    const go = (row, column, focus) => {
      rows[here][there].tabIndex = -1;
      here = Math.min(Math.max(row, 0), rows.length - 1);
      there = Math.min(Math.max(column, 0), rows[here].length - 1);
      rows[here][there].tabIndex = 0;
      if (focus) rows[here][there].focus();
    };
    const open = (cell) => {
      all("td.on", table).forEach((one) => one.classList.remove("on"));
      cell.classList.add("on");
      const sender = cell.parentElement.querySelector("th").textContent;
      if (cell.dataset.tip) panel(sender, heads[there].title);
    };
    go(here, there);
    table.addEventListener("click", (event) => {
      const cell = event.target.closest("tbody td:not(.med)");
      if (!cell) return;
      go([...table.tBodies[0].rows].indexOf(cell.parentElement), cell.cellIndex - 1, true);
      open(cell);
    });
    table.addEventListener("keydown", (event) => {
      const moves = {
        ArrowUp: [here - 1, there], ArrowDown: [here + 1, there], ArrowLeft: [here, there - 1],
        ArrowRight: [here, there + 1], Home: [here, 0], End: [here, rows[here].length - 1],
      };
      const cell = event.target.closest("tbody td:not(.med)");
      if (!cell) return;
      if (moves[event.key]) {
        event.preventDefault();
        go(...moves[event.key], true);
        const now = rows[here][there];
        if (now.dataset.tip) show(now); else hide();
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(cell);
      }
    });
  });

  // sorting, more rows, CSV
  const shown = new Map();
  const cell = (text, name) => {
    const made = document.createElement("td");
    if (name) made.className = name;
    made.append(text);
    return made;
  };
  const isolated = (text) => { const made = document.createElement("bdi"); made.textContent = text; return made; };
  const draw = (table, rows, nodes, count) => {
    const lines = rows.slice(0, count).map((row) => {
      const line = document.createElement("tr");
      line.append(cell(isolated(nodes[row[0]])), cell(isolated(nodes[row[1]])), cell(state(row[2]), `s-${row[2]}`));
      row.slice(3).forEach((figure) => line.append(cell(figure, "n")));
      return line;
    });
    table.tBodies[0].replaceChildren(...lines);
    shown.set(table, count);
    const more = table.closest("details").querySelector(".more");
    if (more) more.hidden = count >= rows.length;
  };
  const size = (figure) => (figure === "" ? NaN : Number(figure.replaceAll(",", "")));
  const names = new Intl.Collator(undefined, { numeric: true });
  const sorted = (rows, column, up, nodes) => {
    const key = column < 2 ? (row) => nodes[row[column]] : column === 2 ? (row) => row[2] : (row) => size(row[column]);
    const last = (value) => Number.isNaN(value);
    const order = column < 3 ? (a, b) => up * names.compare(a.key, b.key)
      : (a, b) => (last(a.key) - last(b.key)) || up * (a.key - b.key);
    return rows.map((row) => ({ row, key: key(row) })).sort(order).map((one) => one.row);
  };
  tables.forEach((table, at) => {
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", async () => {
        const up = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        all("th", table).forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up === 1 ? "ascending" : "descending");
        const known = await data();
        known.tables[at] = sorted(known.tables[at], column, up, known.nodes);
        draw(table, known.tables[at], known.nodes, shown.get(table) || 200);
      });
    });
    const more = table.closest("details").querySelector(".more button");
    if (more) {
      more.addEventListener("click", async () => {
        const known = await data();
        draw(table, known.tables[at], known.nodes, (shown.get(table) || 200) + 500);
      });
    }
  });
  // a spreadsheet takes a name that begins like a formula for one
  const field = (text) => `"${(/^[=+\-@\t\r]/.test(text) && Number.isNaN(size(text)) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const csv = async (at) => {
    const known = await data();
    const heads = all("thead th", tables[at]).map((head) => {
      const copy = head.cloneNode(true), unit = copy.querySelector("small");
      if (unit) unit.replaceWith(` [${unit.textContent}]`);
      return seen(copy);
    });
    const words = { h: "holds", b: "breaks", u: "undecided" };
    const rows = known.tables[at].map((row) => [known.nodes[row[0]], known.nodes[row[1]], words[row[2]] || "",
      ...row.slice(3).map((figure) => figure.replaceAll(",", ""))]);
    return [heads, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
  };
  all("button.csv").forEach((button) => {
    button.addEventListener("click", async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff", await csv(Number(button.dataset.table))], { type: "text/csv" }));
      link.download = `pairs-${Number(button.dataset.table) + 1}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });
})();
