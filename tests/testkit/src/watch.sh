# Runs one server and outlives it; usage: sh -c "$(cat watch.sh)" watch FOLDER SIGNAL PROGRAM ARGS...
#
# Prints the server's pid. Standard input is a pipe from the test process: when it closes, for
# whatever reason (the end of a test, a panic, kill -9), the server is stopped with SIGNAL and
# FOLDER is removed. The line "keep" before the end spares the folder.
#
# The server is not waited for before the pipe closes, so its pid cannot be given to another
# process in the meantime.
folder=$1
signal=$2
shift 2
exec 3<&0
"$@" </dev/null >>"$folder/server.log" 2>&1 3<&- &
echo "$!"
keep=
while read -r word <&3; do keep=$word; done
kill -s "$signal" "$!" 2>/dev/null
wait "$!" 2>/dev/null
[ "$keep" = keep ] || rm -rf "$folder"
