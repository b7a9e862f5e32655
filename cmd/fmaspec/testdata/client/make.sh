#!/bin/sh
# Makes the files of this folder anew.
set -eu
cd "$(dirname "$0")"
pass=pass:'correct horse'
openssl ecparam -name prime256v1 -genkey -noout -out plain.key
openssl req -x509 -new -key plain.key -subj /CN=client -days 36500 -out cert.pem
openssl ecparam -name prime256v1 -genkey -noout -out other.key
openssl req -x509 -new -key other.key -subj /CN=other -days 36500 -out other.pem
openssl pkcs8 -topk8 -in plain.key -v2 aes-256-cbc -passout "$pass" -out pbes2.key
openssl pkcs8 -topk8 -in plain.key -v2 des3 -passout "$pass" -out pbes2-des3.key
openssl pkcs8 -topk8 -in plain.key -scrypt -passout "$pass" -out scrypt.key
openssl pkcs8 -topk8 -in plain.key -v1 PBE-SHA1-3DES -passout "$pass" -out pbes1.key
openssl ec -in plain.key -aes128 -passout "$pass" -out dek-info.key
cat other.key plain.key >several.key
openssl pkcs12 -export -in cert.pem -inkey plain.key -certfile other.pem -passout "$pass" -out modern.p12
openssl pkcs12 -export -legacy -in cert.pem -inkey plain.key -passout "$pass" -out legacy.p12
openssl pkcs12 -export -in cert.pem -inkey plain.key -passout pass: -out open.p12
openssl pkcs12 -export -nokeys -in cert.pem -passout "$pass" -out no-key.p12
openssl req -new -key plain.key -subj /CN=old -out old.csr
touch index.txt && echo 01 >serial
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\npolicy=p\n[p]\ncommonName=supplied\n' >ca.cnf
openssl ca -batch -config ca.cnf -md sha256 -selfsign -keyfile plain.key -in old.csr -startdate 20200101000000Z \
	-enddate 20210101000000Z -notext -out expired.pem
openssl pkcs12 -export -in expired.pem -inkey plain.key -passout "$pass" -out expired.p12
rm -f expired.pem old.csr index.txt* serial* ca.cnf 01.pem
