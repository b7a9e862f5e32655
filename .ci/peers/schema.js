// The schemas of a contract, without references and without what JSON Schema does not know.
'use strict'
const fs = require('node:fs')

/** The schema of this name in the contract, which is OpenAPI 3.0 in a file of JSON. */
function resolved(file, name) {
  const contract = JSON.parse(fs.readFileSync(file, 'utf8'))
  const resolve = node => {
    if (Array.isArray(node)) return node.map(resolve)
    if (typeof node !== 'object' || node === null) return node
    if (node.$ref) return resolve(node.$ref.slice(2).split('/').reduce((at, key) => at[key], contract))
    return Object.fromEntries(Object.entries(node).filter(([key]) => !['example', 'discriminator'].includes(key))
      .map(([key, value]) => [key, resolve(value)]))
  }
  return resolve(contract.components.schemas[name])
}

module.exports = { resolved }
