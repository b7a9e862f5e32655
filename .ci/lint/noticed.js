// Reports which broken copies a linter did not notice, or not by the rule that it has
// for them. Ends with 1 if there is one.
//
//   node noticed.js LINTER REPORT COPIES
//
// REPORT is what the linter printed in JSON; a line of COPIES is a folder, the document
// in it that is broken, and the edit that broke it.
const fs = require('node:fs')
const path = require('node:path')

const linters = {
  redocly: {
    rules: { example: 'no-invalid-media-type-examples', unused: 'no-unused-components', ref: 'no-unresolved-refs', same: 'operation-operationId-unique' },
    // It prints an object for each document, with nothing in between.
    problems: text => JSON.parse(`[${text.replace(/^\}\{$/gm, '},{')}]`).flatMap(report => report.problems)
      .filter(problem => problem.severity === 'error')
      .map(problem => ({ rule: problem.ruleId, files: problem.location.map(place => place.source.ref) })),
  },
  spectral: {
    rules: { example: 'oas3-valid-media-example', unused: 'oas3-unused-component', ref: 'invalid-ref', same: 'operation-operationId-unique' },
    problems: text => JSON.parse(text).map(problem => ({ rule: problem.code, files: [problem.source] })),
  },
}

const [name, report, list] = process.argv.slice(2)
const linter = linters[name]
const problems = linter.problems(fs.readFileSync(report, 'utf8'))
const noticed = new Map()
for (const line of fs.readFileSync(list, 'utf8').trim().split('\n')) {
  const [folder, document, edit] = line.split(' ')
  const here = problems.filter(problem => problem.files.some(file => path.resolve(file).startsWith(fs.realpathSync(folder) + path.sep)))
  if (here.some(problem => problem.rule === linter.rules[edit])) {
    noticed.set(document, (noticed.get(document) ?? 0) + 1)
  } else if (here.length === 0) {
    console.error(`lint: ring: ${name} lets a broken ${document} through (${edit}); correct its rules`)
    process.exitCode = 1
  } else {
    console.error(`lint: ring: ${name} fails ${document}, but not by ${linter.rules[edit]} (${edit}): ` +
      here.map(problem => problem.rule).join(', '))
    process.exitCode = 1
  }
}
for (const [document, n] of noticed) console.log(`lint: ${name} notices ${n} ways to break ${document}`)
