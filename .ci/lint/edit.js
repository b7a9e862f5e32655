// Breaks an OpenAPI document in YAML or JSON in one way:
//
//   node edit.js FILE EDIT
//
// The edits are of its text, so that all else stays as it is shipped.
const fs = require('node:fs')

const edits = {
  // an example that its schema does not allow
  example: [/("?type"?: )"?RequestSample"?(,?)$/m, '$17$2'],
  // a component that nothing refers to
  unused: [/components\/responses\/unknown/g, 'components/responses/unusable'],
  // a reference that leads nowhere
  ref: [/components\/responses\/unknown(["'])/, 'components/responses/unknwon$1'],
  // one name for two operations
  same: [/("?operationId"?: "?)requestSample\b/, '$1stopAndQuarantineFile'],
}

const [file, name] = process.argv.slice(2)
if (!edits[name]) throw new Error(`${name}: no such edit; edits are ${Object.keys(edits).join(', ')}`)
const [from, to] = edits[name]
fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(from, to))
