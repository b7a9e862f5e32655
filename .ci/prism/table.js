// Prints what Prism broke as a Markdown table, from the report of a run:
//   node table.js FILE VERSION
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const [file, version] = process.argv.slice(2)
const reasons = JSON.parse(fs.readFileSync(path.join(__dirname, 'reasons.json'), 'utf8'))
const { cases } = JSON.parse(fs.readFileSync(file, 'utf8'))

// The lower, the more plainly a case shows that the requirement is broken.
const aside = (c, requirement) => (c.proves.includes(requirement) ? 0 : 100) + (c.control ? 10 : 0) + c.exchanges.length

const broken = new Map()
for (const c of cases) {
  for (const f of c.findings) {
    const row = broken.get(f.requirement) ?? { level: f.level, ids: new Set(), aside: Infinity }
    row.ids.add(c.id)
    if (aside(c, f.requirement) < row.aside) Object.assign(row, { aside: aside(c, f.requirement), example: f })
    broken.set(f.requirement, row)
  }
}

const faults = []
for (const id of broken.keys()) if (!reasons[id]) faults.push(`${id} is broken, and nothing says why that is right; look at the finding, then add a reason`)
for (const id of Object.keys(reasons)) if (!broken.has(id)) faults.push(`${id} has a reason and is not broken; drop the reason`)
if (faults.length > 0) {
  for (const fault of faults) console.error(`prism: .ci/prism/reasons.json: ${fault}`)
  process.exit(1)
}

const code = text => '`' + text.replaceAll('|', '\\|') + '`'
const count = outcome => cases.filter(c => c.outcome === outcome).length
// Which of the two a client sees depends on how the kernel takes a connection down; and the
// record says nothing about when it was made.
const got = text => text.replace(/the connection was (reset|closed) before/, 'the connection ended before')
  .replace(/under the Date .* GMT and at [-0-9:TZ.]+ here/, 'under the current Date')

console.log(`Prism ${version}: ${cases.length} cases, of which ${count('passed')} passed, ${count('failed')} failed, ` +
  `${count('deviated')} deviated and ${count('not-applicable')} did not apply.`)
console.log()
console.log('| requirement | level | cases | for example | why that is right |')
console.log('|---|---|---|---|---|')
const levels = ['documented', 'standard', 'inferred']
const rows = [...broken].sort(([a, x], [b, y]) => levels.indexOf(x.level) - levels.indexOf(y.level) || (a < b ? -1 : 1))
for (const [id, { level, ids, example: f }] of rows) {
  console.log(`| ${code(id)} | ${level} | ${ids.size} | ${code(f.case)}: ${f.place}, want ${f.want.replaceAll('|', '\\|')}, got ${got(f.got).replaceAll('|', '\\|')} | ${reasons[id]} |`)
}
