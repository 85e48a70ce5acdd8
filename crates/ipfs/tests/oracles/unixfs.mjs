// Writes the CID of version 1 with raw leaves and the CID of version 0 of each file, as the npm package ipfs-unixfs-importer makes them.
import { readFileSync } from 'node:fs'
import { importBytes } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

const blockstore = { put: (cid) => cid }
for (const file of process.argv.slice(2)) {
  const cids = []
  for (const cidVersion of [1, 0]) {
    const { cid } = await importBytes(readFileSync(file), blockstore, {
      cidVersion,
      rawLeaves: cidVersion === 1,
      reduceSingleLeafToSelf: true,
      chunker: fixedSize({ chunkSize: 262144 }),
      layout: balanced({ maxChildrenPerNode: 174 })
    })
    cids.push(String(cid))
  }
  console.log(cids.join(' '))
}
