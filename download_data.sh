#!/usr/bin/env bash
# Fetches the files that the service or the pipeline reads; see `./download_data.sh --help`.
#
# Each file is downloaded as NAME.part beside its destination, is checked there, and is moved
# only when all files of the set are complete: user and item files must match, so a mixture of
# two sets would be worse than the old one. A leftover part is continued next time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly root
readonly data_path=${DATA_PATH:-$root/data}
readonly embeddings_path=${EMBEDDINGS_PATH:-$root/embeddings}
readonly model_path=${MODEL_PATH:-$root/models}
readonly max_failures=5 # attempts in a row without progress

# The published files: their places and their ids on Google Drive.
readonly artifacts="\
embeddings/user_review_emb_df.pq 11XkUdutydCgVJ64t74fBxeFVhIsfCXHH
embeddings/user_item_emb_df.pq   1aWScZk_EEVmLbt0V5OvUGyK8zGKTNcoF
embeddings/item_price_df.pq      17QUIqYcsvVlX4EDdaxa5t6PW5pf80Myq
embeddings/item_desc_emb_df.pq   16U2HG8C3sMgv3YWqwL18oRaIjAqBe8oX
data/clean_df.pq                 1ZgCw-iRZ3SQwFXA9h9M22nkiN7QcBs0o
models/best_model.keras          1AQuABwQtkUJVhxWkEeUMZe_ZcI5VM3mH"
readonly raw_reviews=data/amazon_reviews.csv
readonly raw_zip_id=1gyMc40KnAqzMkAVjuYTOFq4q0JgFSk11
readonly raw_kaggle_name=rogate16/amazon-reviews-2018-full-dataset

usage() {
    cat <<'END'
Usage: ./download_data.sh [--raw] [--from URL]

  (no option)  the ready artifacts (embeddings, cleaned reviews, model) from Google Drive
  --raw        the raw reviews, data/amazon_reviews.csv, from Kaggle if its command line
               is installed, else from Google Drive
  --from URL   the same files from a folder on a web server (http://, https://) or on disk
               (file://); a SHA256SUMS file in that folder is used to check them
  --help       this text

Files go to DATA_PATH, EMBEDDINGS_PATH and MODEL_PATH (default: data, embeddings and models
beside this script). The next run continues an interrupted download, and a file is replaced
only by a complete one that has passed the checks.

Needs curl for --from, gdown (in .venv or on the PATH) for Google Drive, python3 for --raw.
END
}

say() { printf '%s\n' "$*" >&2; }

die() {
    say "download_data.sh: $*"
    exit 1
}

# The local path of a file of the set: data/x goes to DATA_PATH/x, and so on.
place_of() {
    case $1 in
    data/*) printf '%s\n' "$data_path/${1#*/}" ;;
    embeddings/*) printf '%s\n' "$embeddings_path/${1#*/}" ;;
    models/*) printf '%s\n' "$model_path/${1#*/}" ;;
    esac
}

size_of() { if [[ -f $1 ]]; then wc -c <"$1" | tr -d ' '; else echo 0; fi; }

as_hex() { od -An -v -tx1 | tr -d ' \n'; }

sha256_of() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# --- Checking ------------------------------------------------------------------------------

# Whether a file looks complete by its first and last bytes, unlike error pages and torsos.
looks_complete() {
    local name=$1 file=$2
    [[ -s $file ]] || return 1
    case $name in
    *.pq) # PAR1 at both ends
        [[ $(head -c 4 "$file" | as_hex) == 50415231 && $(tail -c 4 "$file" | as_hex) == 50415231 ]]
        ;;
    *.keras) # a zip archive: PK at the start, its directory's end mark at the end
        [[ $(head -c 2 "$file" | as_hex) == 504b && $(tail -c 22 "$file" | head -c 4 | as_hex) == 504b0506 ]]
        ;;
    *.csv) # a header line with the required columns
        local header
        header=$(head -n 1 "$file" | head -c 4096 | tr -d '\0')
        [[ $header == *rating* && $header == *reviewTime* && $header != *"<"* ]]
        ;;
    esac
}

# The known checksum of a file of the set, or nothing. $sums is the text of SHA256SUMS.
sums=""
known_sum_of() {
    awk -v name="$1" '{ sub(/\r$/, ""); file = $2; sub(/^\*/, "", file); sub(/^\.\//, "", file) }
        file == name && length($1) == 64 { print tolower($1); exit }' <<<"$sums"
}

# Removes the part and stops the script if the part fails the checks.
check_part() {
    local name=$1 part=$2 expected found
    if ! looks_complete "$name" "$part"; then
        found=$(head -c 40 "$part" 2>/dev/null | tr -cd '[:print:]' || true)
        rm -f "$part" "$part.headers"
        die "the download of $name is not such a file (it begins with '$found'). Nothing was replaced; check the source."
    fi
    expected=$(known_sum_of "$name")
    [[ -n $expected ]] || return 0
    found=$(sha256_of "$part")
    if [[ $found != "$expected" ]]; then
        rm -f "$part" "$part.headers"
        die "$name has the SHA-256 ${found:0:12}…, but SHA256SUMS says ${expected:0:12}…. Nothing was replaced; run again to download it anew."
    fi
}

# --- Google Drive and Kaggle ---------------------------------------------------------------

find_gdown() {
    if [[ -x $root/.venv/bin/gdown ]]; then
        printf '%s\n' "$root/.venv/bin/gdown"
    else
        command -v gdown || die "gdown is not installed, but Google Drive needs it. It is one of the pipeline's packages (make pipeline); or run: python3 -m pip install gdown"
    fi
}

fetch_from_drive() {
    local id=$1 part=$2 gdown
    gdown=$(find_gdown)
    "$gdown" --continue --output "$part" "$id" >&2 ||
        die "Google Drive didn't send the file $id (often because of its daily limit). Nothing was replaced; run again later to continue, or use --from."
}

# Unpacks the only CSV file of an archive, which checks its CRC.
unpack_csv() {
    python3 - "$1" "$2" <<'END'
import shutil, sys, zipfile
try:
    with zipfile.ZipFile(sys.argv[1]) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(names) != 1:
            sys.exit(f"expected one CSV file in the archive, found {names}")
        with archive.open(names[0]) as packed, open(sys.argv[2], "wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
except (OSError, EOFError, zipfile.BadZipFile) as error:
    sys.exit(f"not a readable zip archive: {error}")
END
}

fetch_raw() {
    local part=$1 folder=$data_path/.raw-download zip
    command -v python3 >/dev/null || die "python3 is not installed, but unpacking the reviews needs it."
    mkdir -p "$folder"
    zip=$folder/reviews.zip
    if command -v kaggle >/dev/null && kaggle datasets download "$raw_kaggle_name" --path "$folder" >&2; then
        zip=$folder/${raw_kaggle_name#*/}.zip
    else
        fetch_from_drive "$raw_zip_id" "$zip"
    fi
    if ! unpack_csv "$zip" "$part"; then
        rm -rf "$folder" "$part"
        die "the downloaded archive of reviews is broken. Nothing was replaced; run again to download it anew."
    fi
    check_part "$raw_reviews" "$part"
    rm -rf "$folder"
}

# --- A web server or a folder ---------------------------------------------------------------

# The value by which a server distinguishes versions of a file. A part may be continued only
# with the version it started with; otherwise two versions would be mixed.
version_in() {
    [[ -f $1 ]] || return 0
    tr -d '\r' <"$1" | awk 'tolower($1) == "etag:" && $2 !~ /^W\// { etag = $2 }
        tolower($1) == "last-modified:" { sub(/^[^:]*: */, ""); modified = $0 }
        END { print (etag != "" ? etag : modified) }'
}

# Sends one request and prints the HTTP status. Continues the part if its version is known.
request() {
    local url=$1 part=$2 version options=(--silent --show-error)
    if [[ -t 2 ]]; then options=(--progress-bar); fi
    version=$(version_in "$part.headers")
    if [[ -s $part && -n $version ]]; then
        options+=(--continue-at - --header "If-Range: $version")
    else
        rm -f "$part"
        options+=(--dump-header "$part.headers")
    fi
    curl "${options[@]}" --fail --location --proto '=http,https,file' --proto-redir '=http,https' \
        --connect-timeout 20 --speed-limit 1 --speed-time 60 \
        --output "$part" --write-out '%{http_code}' "$url"
}

# Downloads a file of the set into its part despite broken connections; stops the script if it can't.
fetch_url() {
    local name=$1 url=$2 part=$3 failures=0 largest=0 code status size
    while true; do
        status=0
        code=$(request "$url" "$part") || status=$?
        size=$(size_of "$part")
        if ((size == 0)); then rm -f "$part" "$part.headers"; fi
        case $status:$code in
        0:*) return 0 ;;
        22:416) # there is nothing after the part: it is complete or invalid
            if looks_complete "$name" "$part"; then return 0; fi
            rm -f "$part" "$part.headers"
            ;;
        33:*) rm -f "$part" "$part.headers" ;; # the server can't continue, or has a new version
        22:408 | 22:429 | 22:5*) ;; # the server may recover
        22:*) die "$url returns HTTP status $code. Nothing was replaced; check the address." ;;
        37:*) die "$url can't be read. Nothing was replaced; check the address." ;;
        esac
        if ((size > largest)); then largest=$size failures=0; else failures=$((failures + 1)); fi
        if ((failures >= max_failures)); then
            die "$url could not be fetched (curl's status $status). Nothing was replaced; run again to continue."
        fi
        sleep "$((failures < 4 ? 1 << failures : 8))"
    done
}

# Downloads SHA256SUMS of the folder, if there is one.
fetch_sums() {
    local url=$1 status=0 answer
    answer=$(curl --silent --show-error --location --proto '=http,https,file' --connect-timeout 20 \
        --retry 3 --write-out '\n%{http_code}' "$url" 2>/dev/null) || status=$?
    case $status:${answer##*$'\n'} in
    0:200 | 0:000) sums=${answer%$'\n'*} ;; # 000: not HTTP but a file
    0:404 | 0:410 | 37:*) ;;
    *) die "$url could not be requested (curl's status $status, HTTP status ${answer##*$'\n'}). Nothing was replaced; check the address or try again." ;;
    esac
    grep -Eq '^[0-9a-fA-F]{64} ' <<<"$sums" || { sums="" && say "No checksums at $url: files are checked by their format only."; }
}

# --- All files -----------------------------------------------------------------------------

# Downloads one file of the set into its part and checks it, unless a checked part is there.
fetch_part() {
    local name=$1 id=$2 source=$3 part=$4 expected
    expected=$(known_sum_of "$name")
    if [[ -n $expected && -s $part && $(sha256_of "$part") == "$expected" ]]; then return 0; fi
    say "Fetching $name"
    if [[ -n $source ]]; then
        command -v curl >/dev/null || die "curl is not installed, but --from needs it; install it with your system's package manager."
        fetch_url "$name" "$source/$name" "$part"
        check_part "$name" "$part"
    elif [[ $name == "$raw_reviews" ]]; then
        fetch_raw "$part"
    elif ! looks_complete "$name" "$part"; then # complete: an earlier run downloaded it before it was interrupted
        fetch_from_drive "$id" "$part"
        check_part "$name" "$part"
    fi
}

# Whether a file of the set is already there, by a known checksum.
is_here() {
    local expected
    expected=$(known_sum_of "$1")
    [[ -n $expected && -f $2 && $(sha256_of "$2") == "$expected" ]]
}

main() {
    local source="" set=$artifacts name id place fetched=()
    while (($#)); do
        case $1 in
        --raw) set="$raw_reviews $raw_zip_id" ;;
        --from)
            source=${2:-}
            [[ $source =~ ^(https?|file)://. ]] || die "--from got '$source'; expected an address that begins with http://, https:// or file://."
            source=${source%/}
            shift
            ;;
        --help | -h) usage && exit 0 ;;
        *) usage >&2 && die "unknown option '$1'." ;;
        esac
        shift
    done
    if [[ -n $source ]]; then fetch_sums "$source/SHA256SUMS"; fi
    while read -r name id; do
        place=$(place_of "$name")
        mkdir -p "$(dirname "$place")"
        if is_here "$name" "$place"; then
            say "$name is already here"
            continue
        fi
        fetch_part "$name" "$id" "$source" "$place.part"
        fetched+=("$place")
    done <<<"$set"
    for place in ${fetched[@]+"${fetched[@]}"}; do
        mv -f "$place.part" "$place"
        rm -f "$place.part.headers"
    done
    say "Done: ${#fetched[@]} files fetched."
}

main "$@"
