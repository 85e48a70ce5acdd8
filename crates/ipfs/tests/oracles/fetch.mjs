// Fetches paths through the gateway at an address with the npm package @helia/verified-fetch, and writes what it gets: status, type, length,
// SHA-256. It gets nothing that it cannot verify.
import { createHash } from 'node:crypto'
import { createVerifiedFetch } from '@helia/verified-fetch'

const [server, ...paths] = process.argv.slice(2)
const fetch = await createVerifiedFetch({ gateways: [], routers: [server], allowLocal: true, allowInsecure: true })
for (const path of paths) {
  const response = await fetch(path, { signal: AbortSignal.timeout(20000) })
  const bytes = Buffer.from(await response.arrayBuffer())
  const hash = createHash('sha256').update(bytes).digest('hex')
  console.log([response.status, response.headers.get('content-type'), bytes.length, hash].join('|'))
}
await fetch.stop()
process.exit(0)
