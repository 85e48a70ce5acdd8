// Validates the record in a file for a name with the npm package ipns, and writes what the record says.
import { readFileSync } from 'node:fs'
import { CID } from 'multiformats/cid'
import { base36 } from 'multiformats/bases/base36'
import { multihashToIPNSRoutingKey, unmarshalIPNSRecord } from 'ipns'
import { ipnsValidator } from 'ipns/validator'

const [path, name] = process.argv.slice(2)
const bytes = readFileSync(path)
await ipnsValidator(multihashToIPNSRoutingKey(CID.parse(name, base36).multihash), bytes)
const record = unmarshalIPNSRecord(bytes)
const { value, sequence, validity, ttl, signatureV1, signatureV2 } = record
console.log([value, sequence, validity, ttl, signatureV1?.length, signatureV2.length].join(' '))
