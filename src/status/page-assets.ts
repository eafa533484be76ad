// Why this exists: the page's style and script, as constants whose hashes the content policy names.

/** Readable on a phone, in light and in dark; colours never stand alone, words say the same. */
export const PAGE_STYLE = `
:root{--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--quiet:#5b6570;--line:#d9dee4;--link:#0b5cad;
--good:#1a7f37;--wait:#9a6700;--bad:#c0262d;--move:#0969da;--add:#116329;--del:#8c1d22}
@media (prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#181d24;--ink:#e4e8ed;--quiet:#98a3af;
--line:#2d353f;--link:#6cb2ff;--good:#4ac26b;--wait:#e0b13c;--bad:#ff7b72;--move:#6cb2ff;
--add:#7ee2a0;--del:#ffa198}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1,h2,h3,p,ul{margin:0}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem}
h1{font-size:1.4rem}h2{font-size:1.25rem}h3{font-size:1rem;margin-top:1.4rem;margin-bottom:.4rem}
a{color:var(--link)}
code,pre{font:.88em/1.5 ui-monospace,'DejaVu Sans Mono',monospace}
pre{overflow-x:auto;padding:.5rem;border:1px solid var(--line);border-radius:.4rem;margin:.3rem 0}
.quiet{color:var(--quiet);font-size:.9rem;font-weight:400}
#stale{flex-basis:100%;
background:var(--bad);color:var(--bg);padding:.4rem .8rem;border-radius:.4rem}
.overall{margin:1rem 0;padding:.7rem 1rem;border-left:.4rem solid;border-radius:.4rem;
background:var(--card);font-weight:600}
.good{border-color:var(--good)}.wait{border-color:var(--wait)}.bad{border-color:var(--bad)}
.overall.good>span{color:var(--good)}.overall.wait>span{color:var(--wait)}
.overall.bad>span{color:var(--bad)}
.cluster{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1rem;margin-bottom:1rem}
.tiles{list-style:none;padding:0;margin-top:1rem;display:grid;gap:.5rem;
grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}
.tile{border:1px solid var(--line);border-top:.25rem solid var(--line);border-radius:.4rem;
padding:.3rem .6rem;font-size:.9rem}
.tile b{display:block;font-size:1.5rem;line-height:1.3}
.tile.none{color:var(--quiet)}
.tile.in_sync{border-top-color:var(--good)}.tile.held,.tile.suspended{border-top-color:var(--wait)}
.tile.failed,.tile.undetermined{border-top-color:var(--bad)}
.tile.applying,.tile.out_of_sync{border-top-color:var(--move)}
.count{font-size:.85rem;color:var(--quiet);font-weight:400}
.warnings{list-style:none;padding:0;margin-top:.8rem}
.warnings li{border-left:.3rem solid var(--bad);padding:.2rem .7rem;margin-bottom:.4rem}
.warnings li.wait{border-color:var(--wait)}
.cards,.plain{list-style:none;padding:0}
.plain li{padding:.15rem 0}
.card{border:1px solid var(--line);border-left:.3rem solid var(--line);border-radius:.4rem;
padding:.5rem .8rem;margin-bottom:.5rem}
.card.benign{border-left-color:var(--move)}.card.disruptive{border-left-color:var(--wait)}
.card.destructive,.card.bad{border-left-color:var(--bad)}
.verb,.risk{display:inline-block;border:1px solid var(--line);border-radius:1rem;
padding:0 .6rem;font-size:.82rem}
.remedy::before{content:'→ ';color:var(--quiet)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;
border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--quiet);font-size:.85rem}
tbody th{font-weight:600}
tr.failed td:first-child,tr.interrupted td:first-child,tr.unknown td:first-child{color:var(--bad)}
tr.done td:first-child{color:var(--good)}
td.short{white-space:nowrap}
.name{font-weight:600;color:inherit;text-decoration-color:var(--line)}
ins{color:var(--add);text-decoration:none}del{color:var(--del);text-decoration:none}
details.all{margin-top:1rem}.empty{margin-top:1rem}
.remedy code{user-select:all;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--link);font-size:.9rem}
footer{padding:.5rem 0}
@media (max-width:40rem){body{padding:.6rem}.cluster{padding:.7rem}
.tiles{grid-template-columns:repeat(3,1fr)}.tile{padding:.2rem .4rem;font-size:.75rem}
.tile span{white-space:nowrap}.tile.none{display:none}
.scroll table,.scroll tbody,.scroll tr,.scroll th{display:block}
.scroll td{display:inline-block;margin-right:.8rem}
.scroll thead{display:none}.scroll tr{border-bottom:1px solid var(--line);padding:.4rem 0}
.scroll th,.scroll td{border:0;padding:.05rem 0}}
`;

/** Replaces the content every ten seconds, keeps what is unfolded, and says when it cannot. */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const every = 10000;
  let seen = Date.now();
  const stale = document.getElementById('stale');
  const opened = () => new Map([...document.querySelectorAll('details[data-keep]')]
    .map((one) => [one.dataset.keep, one.open]));
  async function refresh() {
    try {
      const answer = await fetch('/', {signal: AbortSignal.timeout(every)});
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const was = opened();
      document.title = fresh.title;
      for (const part of ['#about', 'main']) {
        document.querySelector(part).replaceWith(document.adoptNode(fresh.querySelector(part)));
      }
      for (const one of document.querySelectorAll('details[data-keep]')) {
        if (was.has(one.dataset.keep)) one.open = was.get(one.dataset.keep);
      }
      seen = Date.now();
      stale.hidden = true;
    } catch {
      const seconds = Math.round((Date.now() - seen) / 1000);
      stale.textContent = 'The controller does not answer; what you see is ' + seconds + ' s old.';
      stale.hidden = false;
    }
    setTimeout(refresh, every);
  }
  setTimeout(refresh, every);
})();
`;
