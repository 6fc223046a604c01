#!/bin/bash
# deploy.sh NUMBER: release NUMBER of the app acme/rival by hand, with what `tussilago deploy` does in the same order and
# nothing beside it. Runs on the host. It resolves no image, hashes no files, keeps no books and syncs no file: each of
# these is in the platform's time and not in this one's.
set -euo pipefail
number=$1
state=/var/lib/tussilago
app=$state/apps/acme/rival
wants=/etc/systemd/system/tussilago-acme-rival.target.wants
process=tussilago-acme-rival-web
old=$(readlink "$state/upstreams/acme/rival")
old=${old##*@}

cp -a "$app/releases/$old" "$app/releases/$number"
echo "TEXT=Hello from release $number" >"$app/releases/$number/app.env"
ln -s "../releases/$number" "$app/live/$number"

systemctl start "$process@$number.service" # ends when the app has answered its health check

ln -sT "/run/tussilago-ingress/$process@$number" "$state/upstreams/acme/.rival.new"
mv -T "$state/upstreams/acme/.rival.new" "$state/upstreams/acme/rival"
ln -s "/run/systemd/generator/$process@.service" "$wants/$process@$number.service"
rm "$wants/$process@$old.service"

systemctl stop "$process@$old.service"
rm "$app/live/$old"
