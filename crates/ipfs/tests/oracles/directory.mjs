// Writes the CID of the directory that has the given files under their names, of version 1 with raw leaves and of version 0.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { importer } from 'ipfs-unixfs-importer'

const blockstore = { put: (cid) => cid }
const cids = []
for (const cidVersion of [1, 0]) {
  const files = process.argv.slice(2).map((file) => ({ path: basename(file), content: readFileSync(file) }))
  const options = { cidVersion, rawLeaves: cidVersion === 1, wrapWithDirectory: true }
  for await (const entry of importer(files, blockstore, options)) cids[1 - cidVersion] = String(entry.cid)
}
console.log(cids.join(' '))
