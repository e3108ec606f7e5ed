package report

import "html/template"

// transformTemplate is the page of a transform.
var transformTemplate = template.Must(template.New("transform").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Name}} – batch transform</title>
` + pageStyle + `
</head>
<body>
<h1>{{.Name}}</h1>
<p>{{.Status}} · model {{.Model}} · {{.Input}} → {{.Output}}</p>
{{if .Reason}}<p class="reason">{{.Reason}}</p>{{end}}
<div class="facts">{{range .Facts}}<div><b>{{index . 1}}</b><span>{{index . 0}}</span></div>{{end}}</div>
{{range .Charts}}<h2>{{.Title}}</h2>
<p>{{.Note}}</p>
<div class="wide {{.Name}}">{{.SVG}}</div>
{{end}}
{{if .Rejects}}<h2>Rejected records by reason</h2>
<div class="wide"><table>
<thead><tr><th class="n">Records</th><th>Column</th><th>Reason</th><th>The first</th></tr></thead>
<tbody>{{range .Rejects}}<tr><td class="n">{{.Count}}</td><td>{{.Column}}</td><td>{{.Reason}}</td><td>{{.First}}</td></tr>{{end}}</tbody>
</table></div>{{else}}<h2>Rejected records</h2><p>None.</p>{{end}}
<h2>Slowest shards</h2>
<div class="wide"><table class="sortable">
<thead><tr><th class="n">Shard</th><th class="n">Took</th><th class="n">Rows</th><th class="n">Rows/s</th><th class="n">Rejected</th><th class="n">Attempt</th><th>Worker</th><th>Reads</th></tr></thead>
<tbody>{{range .Rows}}
<tr><td class="n">{{.Shard}}</td><td class="n" data-key="{{.Sec}}">{{.Took}}</td><td class="n" data-key="{{.RowsKey}}">{{.Rows}}</td><td class="n" data-key="{{.RateKey}}">{{.Rate}}</td><td class="n">{{.Rejected}}</td><td class="n">{{.Attempt}}</td><td>{{.Worker}}</td><td>{{.Reads}}</td></tr>{{end}}
</tbody></table></div>
` + pageScript + `
</body>
</html>
`))
