package report

import "html/template"

// pageTemplate is the whole page: no script, font or picture from elsewhere.
var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Name}} – hyperparameter tuning</title>
` + pageStyle + `
</head>
<body>
<h1>{{.Name}}</h1>
<p>{{.Status}} · {{.Strategy}} search · {{.Metric}}, {{.Goal}}</p>
{{if .Reason}}<p class="reason">{{.Reason}}</p>{{end}}
<div class="facts">{{range .Facts}}<div><b>{{index . 1}}</b><span>{{index . 0}}</span></div>{{end}}</div>
{{if .Best}}<h2>Best configuration</h2>
<table class="best">{{range .Best}}<tr><th>{{index . 0}}</th><td>{{index . 1}}</td></tr>{{end}}</table>{{else}}<p>No trial has a value of the objective.</p>{{end}}
{{range .Charts}}<h2>{{.Title}}</h2>
<p>{{.Note}}</p>
<div class="wide {{.Name}}">{{.SVG}}</div>
{{end}}
{{if .Slices}}<h2>Objective by hyperparameter</h2>
<p>Each dot is a trial.</p>
<div class="slices">{{range .Slices}}<div>{{.SVG}}</div>{{end}}</div>{{end}}
<h2>Trials</h2>
<div class="wide"><table class="sortable">
<thead><tr><th class="n">#</th><th>Status</th><th class="n">{{.Metric}}</th><th class="n">Rounds</th><th class="n">Took</th>{{range .Columns}}<th class="n">{{.}}</th>{{end}}<th>Training job</th></tr></thead>
<tbody>{{range .Rows}}
<tr{{if .Best}} class="best"{{end}}><td class="n">{{.Number}}</td><td title="{{.FailureReason}}">{{.Status}}</td><td class="n" data-key="{{.Key}}">{{.Value}}</td><td class="n">{{.Rounds}}</td><td class="n" data-key="{{.Sec}}">{{.Took}}</td>{{range .Values}}<td class="n">{{.}}</td>{{end}}<td>{{.Name}}</td></tr>{{end}}
</tbody></table></div>
` + pageScript + `
</body>
</html>
`))

// pageStyle is how pages look, on light and dark.
const pageStyle = `<style>
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2933;--dim:#616e7c;--line:#c3ccd5;--grid:#e6eaee;--dot:#2b6cb0;--best:#d9480f;--panel:#f7f9fb}
@media (prefers-color-scheme:dark){:root{--paper:#14191f;--ink:#e4e9ee;--dim:#9aa7b4;--line:#46525e;--grid:#28313a;--dot:#6cb2f5;--best:#ff8f4d;--panel:#1b222a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:24px 20px 60px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:24px;margin:0 0 2px}h2{font-size:18px;margin:36px 0 4px}p{margin:0 0 10px;color:var(--dim)}
.facts{display:flex;flex-wrap:wrap;gap:10px;margin:18px 0}
.facts div{background:var(--panel);border:1px solid var(--grid);border-radius:8px;padding:8px 14px}
.facts b{display:block;font-size:18px}.facts span{color:var(--dim);font-size:13px}
.wide{overflow-x:auto}svg{max-width:100%;height:auto;display:block}.parallel svg{max-width:none}
.slices{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:10px}
table{border-collapse:collapse;font-size:13px;width:100%}
th,td{text-align:left;padding:4px 10px;border-bottom:1px solid var(--grid);white-space:nowrap}
th{position:sticky;top:0;background:var(--paper);color:var(--dim)}
table.sortable th{cursor:pointer;user-select:none}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
tr.best td{font-weight:600;color:var(--best)}
table.best{width:auto}.reason{color:var(--best)}
</style>`

// pageScript sorts the table of a page by the column whose head is clicked.
const pageScript = `<script>
for (const [i, th] of document.querySelectorAll("table.sortable th").entries()) {
  let down = false;
  th.addEventListener("click", () => {
    const body = document.querySelector("table.sortable tbody");
    const key = (row) => { const c = row.cells[i]; return c.dataset.key ?? c.textContent; };
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      const d = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return down ? -d : d;
    });
    down = !down;
    body.append(...rows);
  });
}
</script>`
