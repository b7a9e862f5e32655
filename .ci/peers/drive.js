// Sends the requests of requests.js through Prism's proxy, and prints what it says is wrong with the answers, a line
// each: node drive.js URL. TOKEN, UNPRIVILEGED and UNKNOWN are what the server knows.
'use strict'
const http = require('node:http')
const { operations, requests } = require('./requests.js')

const env = { token: process.env.TOKEN, unprivileged: process.env.UNPRIVILEGED, unknown: process.env.UNKNOWN }
const base = new URL(process.argv[2])

/** The answer to a request, sent as it is written. */
const send = ({ method, path, headers, body }) => new Promise((resolve, reject) => {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
  const to = { host: base.hostname, port: base.port, method, path, headers: given, agent: false }
  const request = http.request(to, response => {
    response.resume().on('end', () => resolve(response)).on('error', reject)
  })
  request.setTimeout(5000, () => request.destroy(new Error('no answer')))
  request.on('error', reject).end(body)
})

async function main() {
  let sent = 0
  for (const operation of Object.keys(operations)) {
    // Prism's proxy never answers a body that is not JSON.
    for (const request of requests(operation, env).filter(({ name }) => !/is cut|comma/.test(name))) {
      sent++
      const at = `${operation}: ${request.name}`
      try {
        const response = await send(request)
        for (const v of JSON.parse(response.headers['sl-violations'] ?? '[]')) {
          if (v.location[0] === 'response') console.log(`${at}: ${v.location.join('.')}: ${v.code ?? v.message}`)
        }
        if (response.statusCode >= 500) console.log(`${at}: ${response.statusCode}`)
      } catch (error) {
        console.log(`${at}: ${error.code ?? error.message}`)
      }
    }
  }
  console.error(`${sent} requests`)
}
main()
