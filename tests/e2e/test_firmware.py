# SPDX-License-Identifier: Apache-2.0
"""The firmware store: images that are sent once and named by their hash from then on."""

import concurrent.futures
import hashlib
import os
import resource

import pytest

import firmware
from program import run, program_path, wait_until
from rest import API, assert_problem, curl

STORE = f"{API}/firmware"
IMAGE = firmware.payload(0x8000, seed=3)
OTHER = firmware.payload(0x4000, seed=4)
ABSENT = hashlib.sha256(b"nobody has sent this").hexdigest()
HTTP_ERROR = 22  # of curl


def digest(image):
    return hashlib.sha256(image).hexdigest()


def send(rest, image, name=None):
    return rest.request("PUT", f"{STORE}/{name or digest(image)}", image)


def hashes(rest):
    return [row["sha256"] for row in rest.get("/firmware")["firmware"]]


def named_form(*parts):
    """A form whose parts name images: no file names."""
    lines = [f'--cut\r\nContent-Disposition: form-data; name="{offset}"\r\n\r\n{text}\r\n' for offset, text in parts]
    return ("".join(lines) + "--cut--\r\n").encode()


def post_named(rest, *parts, what="flash"):
    return rest.request("POST", f"{API}/boards/lab1/{what}", named_form(*parts),
                        {"Content-Type": "multipart/form-data; boundary=cut"})


# ---- the resource


def test_firmware__put_and_get(rest):
    reply = send(rest, IMAGE)
    assert reply.status == 201 and reply.headers["Location"] == f"{STORE}/{digest(IMAGE)}", reply
    stored = reply.json()
    assert (stored["sha256"], stored["size"], stored["in_use"]) == (digest(IMAGE), len(IMAGE), False)
    assert send(rest, IMAGE).status == 200
    got = rest.request("GET", f"{STORE}/{digest(IMAGE).upper()}")
    assert (got.status, got.type, got.body) == (200, "application/octet-stream", IMAGE)
    head = rest.request("HEAD", f"{STORE}/{digest(IMAGE)}")
    assert head.status == 200 and head.headers["Content-Length"] == str(len(IMAGE))
    assert rest.request("HEAD", f"{STORE}/{ABSENT}").status == 404
    assert_problem(rest.request("GET", f"{STORE}/{ABSENT}"), 404, "no-such-firmware", ABSENT)


def test_firmware__post_tells_the_hash(rest, server):
    reply = rest.request("POST", STORE, IMAGE)
    assert reply.status == 201 and reply.json()["sha256"] == digest(IMAGE), reply
    assert server.files() == [digest(IMAGE)]


def test_firmware__wrong_hash_is_refused(rest, server):
    assert_problem(send(rest, IMAGE, digest(OTHER)), 422, "wrong-hash", digest(IMAGE), digest(OTHER))
    assert hashes(rest) == [] and server.files() == []


def test_firmware__list_tells_room_and_use(rest):
    send(rest, IMAGE)
    send(rest, OTHER)
    told = rest.get("/firmware")
    assert [row["sha256"] for row in told["firmware"]] == [digest(OTHER), digest(IMAGE)]
    assert told["quota"] == 1 << 30 and told["used"] == len(IMAGE) + len(OTHER)
    assert all(row["used"].endswith("Z") and not row["in_use"] for row in told["firmware"])
    asked = rest.get(f"/firmware?sha256={ABSENT},{digest(IMAGE)}")["firmware"]
    assert [(row["sha256"], row["in_use"]) for row in asked] == [(digest(IMAGE), False)]
    assert hashes(rest) == [digest(IMAGE), digest(OTHER)]  # the question was a use


@pytest.mark.parametrize("query", ("sha256=", "sha256=abc", f"sha256={ABSENT},", f"sha256={ABSENT[1:]}g",
                                   "sha256=" + ",".join([ABSENT] * 65), "hash=1"))
def test_firmware__bad_questions(rest, query):
    assert_problem(rest.request("GET", f"{STORE}?{query}"), 400, "invalid-argument")


def test_firmware__bad_requests(rest, make_server):
    for name in ("abc", "a" * 63, "a" * 65, "g" * 64, "..", "%2e%2e%2flock"):
        for method in ("GET", "PUT", "DELETE"):
            assert rest.request(method, f"{STORE}/{name}", b"x" if method == "PUT" else None).status in (400, 404)
    assert_problem(send(rest, b""), 400, "empty-image")
    assert_problem(rest.request("POST", STORE), 400, "empty-image")
    assert rest.request("POST", f"{STORE}/{ABSENT}", b"x").headers["Allow"] == "GET, HEAD, PUT, DELETE"
    small = make_server(options=["--max-upload", "16KB"])
    assert_problem(send(small.rest, IMAGE), 413, "upload-too-large")
    assert_problem(small.rest.request("POST", STORE, IMAGE), 413, "upload-too-large")
    assert small.files() == []


def test_firmware__remove(rest, server):
    send(rest, IMAGE)
    assert rest.request("DELETE", f"{STORE}/{digest(IMAGE)}").status == 204
    assert_problem(rest.request("DELETE", f"{STORE}/{digest(IMAGE)}"), 404, "no-such-firmware")
    assert hashes(rest) == []
    wait_until(lambda: server.files() == [], "the file to be removed")


def test_firmware__in_use_is_not_removed(make_board, make_server, app):
    server = make_server(lab1=make_board(timing="real"))
    job = server.rest.flash_async("lab1", ("0x10000", app))
    listed, = server.rest.get("/firmware")["firmware"]
    assert listed["sha256"] == digest(app) and listed["in_use"]
    assert_problem(server.rest.request("DELETE", f"{STORE}/{digest(app)}"), 409, "firmware-in-use", digest(app))
    server.rest.cancel(job["id"])
    server.rest.wait_job(job["id"])
    assert server.rest.request("DELETE", f"{STORE}/{digest(app)}").status == 204


# ---- naming an image


def test_firmware__form_names_an_image(rest, board):
    send(rest, IMAGE)
    reply = post_named(rest, ("0x10000", f"sha256:{digest(IMAGE)} dir/app.bin"), ("0x20000", f"sha256:{digest(IMAGE).upper()}"))
    assert reply.status == 200, reply
    assert board.holds(0x10000, IMAGE) and board.holds(0x20000, IMAGE)
    regions = reply.json()["regions"]
    assert [(row["offset"], row["size"], row["sha256"], row["name"]) for row in regions] == [
        ("0x10000", len(IMAGE), digest(IMAGE), "app.bin"), ("0x20000", len(IMAGE), digest(IMAGE), None)]


def test_firmware__curl_by_hand(server, rest, board, tmp_path):
    (tmp_path / "app.bin").write_bytes(IMAGE)
    (tmp_path / "other.bin").write_bytes(OTHER)
    assert curl("--fail-with-body", "-T", tmp_path / "app.bin", f"{server.url}{STORE}/{digest(IMAGE)}").status == 0
    done = curl("--fail-with-body", "-F", f"0x10000=sha256:{digest(IMAGE)}", "-F", f"0x20000=@{tmp_path}/other.bin",
                f"{server.url}{API}/boards/lab1/flash")
    assert done.status == 0, done
    assert board.holds(0x10000, IMAGE) and board.holds(0x20000, OTHER)
    for what, offset in (("flash", "&offset=0x30000"), ("verify", "&offset=0x30000")):
        done = curl("--fail-with-body", "-X", "PUT",
                    f"{server.url}{API}/boards/lab1/{what}?firmware=sha256:{digest(IMAGE)}{offset}")
        assert done.status == 0, done
    assert board.holds(0x30000, IMAGE)


def test_firmware__missing_images_are_named(rest, board):
    send(rest, IMAGE)
    other = digest(OTHER)
    reply = post_named(rest, ("0x10000", f"sha256:{ABSENT}"), ("0x20000", f"sha256:{digest(IMAGE)}"), ("0x30000", f"sha256:{other}"))
    assert assert_problem(reply, 404, "no-such-firmware", ABSENT)["firmware"] == [ABSENT, other]
    for what in ("verify", "test"):
        problem = assert_problem(post_named(rest, ("0x10000", f"sha256:{ABSENT}"), what=what), 404, "no-such-firmware")
        assert problem["firmware"] == [ABSENT]
    problem = assert_problem(post_named(rest, ("0", f"sha256:{ABSENT}"), what="ram"), 404, "no-such-firmware")
    assert problem["firmware"] == [ABSENT]
    reply = rest.request("PUT", f"{API}/boards/lab1/flash?offset=0&firmware=sha256:{ABSENT}")
    assert assert_problem(reply, 404, "no-such-firmware", ABSENT)["firmware"] == [ABSENT]
    assert board.is_untouched() and rest.get("/jobs")["jobs"] == []


@pytest.mark.parametrize("text", ("sha256:", "sha256:abc", f"sha256:{ABSENT}0", f"sha256:{ABSENT}\n", f"sha256:{ABSENT} ",
                                  f"sha256:{ABSENT} {'n' * 256}"))
def test_firmware__malformed_names(rest, board, text):
    assert_problem(post_named(rest, ("0x10000", text)), 400, "invalid-argument", "sha256:", "0x10000")
    assert board.is_untouched()


def test_firmware__what_is_no_name_is_an_image(rest, board):
    """Without a file's name, and with one: only what begins like a name is taken for one, and only without."""
    short, begun, real = "sha2", "sha255:" + "0" * 100, f"sha256:{ABSENT}"
    assert post_named(rest, ("0x10000", short), ("0x20000", begun)).status == 200
    assert rest.flash("lab1", ("0x30000", real.encode())).status == 200
    assert board.holds(0x10000, short.encode()) and board.holds(0x20000, begun.encode()) and board.holds(0x30000, real.encode())
    assert_problem(post_named(rest, ("0x10000", "")), 400, "empty-image")
    reply = rest.request("PUT", f"{API}/boards/lab1/flash?offset=0&firmware=sha256:{ABSENT}", IMAGE)
    assert_problem(reply, 400, "invalid-argument", "not both")


# ---- what a job says it has written


def test_firmware__jobs_tell_what_they_wrote(rest, board, make_server, server):
    """Also where flash settings went into the header: the hash is that of the bytes in flash, after a restart as well."""
    loader = firmware.bootloader("esp32")
    reply = rest.flash("lab1", ("0x1000", loader, "bootloader.bin"), ("0x10000", IMAGE, "app.bin"), query="?flash_mode=dout&flash_size=2MB")
    assert reply.status == 200, reply
    regions = reply.json()["regions"]
    lying = board.flash(0x1000, len(loader))
    assert lying != loader
    assert [(row["sha256"], row["written"]) for row in regions] == [(digest(loader), digest(lying)), (digest(IMAGE), digest(IMAGE))]
    told = rest.request("PUT", f"{API}/boards/lab1/flash?offset=0x1000&flash_mode=dout&flash_size=2MB", loader, {"Accept": "text/plain"})
    assert f"written: {len(loader)} bytes at 0x1000, sha256:{digest(lying)}\n" in told.body.decode()
    assert rest.flash("lab1", ("0x0fff", b"refused")).status == 400
    waiting = rest.flash_async("lab1", ("0x10000", IMAGE))
    assert waiting["regions"][0]["written"] is None
    rest.wait_job(waiting["id"])
    assert server.terminate() == 0
    again = make_server(lab1=board, data_dir=server.data_dir)
    assert again.rest.job(reply.json()["id"])["regions"] == regions


# ---- restarts, and what may come between


def test_firmware__outlives_a_kill(make_board, make_server):
    server = make_server(lab1=make_board())
    send(server.rest, IMAGE)
    stalled = server.rest.connect()
    stalled.putrequest("PUT", f"{STORE}/{digest(OTHER)}")
    stalled.putheader("Content-Length", str(len(OTHER)))
    stalled.endheaders(OTHER[:-1])
    wait_until(server.uploads, "the upload to reach the disk")
    server.kill()
    stalled.close()
    again = make_server(lab1=make_board(), data_dir=server.data_dir)
    assert again.files() == [digest(IMAGE)] and hashes(again.rest) == [digest(IMAGE)]
    again.rest.wait_board("lab1", "idle")
    assert post_named(again.rest, ("0x10000", f"sha256:{digest(IMAGE)}")).status == 200


def test_firmware__damaged_file_is_as_good_as_none(make_board, make_server):
    board = make_board()
    server = make_server(lab1=board)
    for image in (IMAGE, OTHER):
        send(server.rest, image)
    assert server.terminate() == 0
    with open(os.path.join(server.data_dir, "firmware", digest(IMAGE)), "r+b") as file:
        file.seek(1000)
        file.write(b"wrong")
    os.truncate(os.path.join(server.data_dir, "firmware", digest(OTHER)), 10)
    rest = make_server(lab1=board, data_dir=server.data_dir).rest
    rest.wait_board("lab1", "idle")
    problem = assert_problem(post_named(rest, ("0x10000", f"sha256:{digest(IMAGE)}")), 404, "no-such-firmware")
    assert problem["firmware"] == [digest(IMAGE)]
    assert rest.get(f"/firmware?sha256={digest(OTHER)}")["firmware"] == []
    assert board.is_untouched() and hashes(rest) == []
    assert send(rest, IMAGE).status == 201
    assert post_named(rest, ("0x10000", f"sha256:{digest(IMAGE)}")).status == 200


def test_firmware__quota(make_board, make_server):
    """Room for two of these: the one that was used longest ago goes, and with a quota of nothing each of them."""
    images = [firmware.payload(0x4000, seed=seed) for seed in range(3)]
    server = make_server(lab1=make_board(), options=["--firmware-quota", "32KB"])
    rest = server.rest
    send(rest, images[0])
    send(rest, images[1])
    assert rest.request("GET", f"{STORE}/{digest(images[0])}").status == 200
    send(rest, images[2])
    assert hashes(rest) == [digest(images[2]), digest(images[0])]
    assert server.terminate() == 0
    none = make_server(lab1=make_board(), data_dir=server.data_dir, options=["--firmware-quota", "0"])
    assert hashes(none.rest) == []
    none.rest.wait_board("lab1", "idle")
    assert none.rest.put("lab1", IMAGE).status == 200
    assert hashes(none.rest) == []
    assert none.terminate() == 0 and none.files() == []


def test_firmware__one_server_for_a_data_directory(server):
    done = run([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", server.data_dir])
    assert done.status == 1, done
    assert f"process {server.pid}:" in done.stderr and "--data-dir" in done.stderr
    assert server.rest.request("GET", "/healthz").status == 200


# ---- disks and crowds


def test_firmware__same_image_ten_times_at_once(rest, server):
    image = firmware.payload(1 << 20)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: send(rest, image).status, range(10)))
    assert set(statuses) <= {200, 201} and 201 in statuses
    assert server.files() == [digest(image)]


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 1 MB."""
    path = tmp_path / "tiny"
    path.mkdir()
    if os.geteuid() != 0 or run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path]).status != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield path
    run(["umount", "-l", path])


def test_firmware__kept_images_make_room_on_a_full_disk(tiny_disk, make_board, make_server):
    """What is only kept must not be the reason why a job is refused."""
    images = [firmware.payload(400 << 10, seed=seed) for seed in range(3)]
    server = make_server(lab1=make_board(), data_dir=tiny_disk / "data")
    for image in images:
        assert send(server.rest, image).status == 201
    kept = hashes(server.rest)
    assert digest(images[2]) in kept and digest(images[0]) not in kept
    assert_problem(send(server.rest, firmware.payload(2 << 20)), 507, "no-space")
    assert server.uploads() == []
    assert send(server.rest, images[0]).status == 201


def test_firmware__an_image_is_deflated_once_for_all_boards(make_board, make_server):
    image = firmware.payload(0x20000)
    boards = {f"lab{number}": make_board() for number in range(3)}
    server = make_server(**boards)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        jobs = list(pool.map(lambda name: server.rest.flash(name, ("0x10000", image)).json(), boards))
    assert [job["state"] for job in jobs] == ["done"] * 3 and all(job["result"]["verified"] for job in jobs), jobs
    assert len({job["result"]["wire_bytes"] for job in jobs}) == 1 and jobs[0]["result"]["wire_bytes"] < len(image)
    assert all(board.holds(0x10000, image) for board in boards.values())
    assert len(server.kept_images()) == 1
    assert server.rest.flash("lab0", ("0x10000", image), query="?compress=false").json()["state"] == "done"
    assert server.rest.flash("lab0", ("0x10000", os.urandom(0x4000))).json()["state"] == "done"  # gains nothing
    assert len(server.kept_images()) == 1


def test_firmware__a_deflated_image_that_is_damaged_reaches_no_board(make_board, make_server):
    """It is what jobs send, and somebody has changed it under the server's hands."""
    image = firmware.payload(0x20000)
    board = make_board(flash_size="1MB")
    server = make_server(lab1=board)
    assert server.rest.flash("lab1", ("0x10000", image)).status == 200
    [path] = server.kept_images()
    with open(path, "r+b") as kept:
        kept.seek(os.path.getsize(path) // 2)
        kept.write(bytes(1000))
    assert_problem(server.rest.flash("lab1", ("0x10000", image)), 502, "io-error", "cannot send")
    assert server.rest.flash("lab1", ("0x10000", image), query="?compress=false").status == 200
    assert board.holds(0x10000, image)


def test_firmware__deflated_images_go_first_on_a_full_disk(tiny_disk, make_board, make_server):
    """Before any image has to; and one that would take much of what is left is not kept at all."""
    small, large = firmware.payload(128 << 10), firmware.payload(300 << 10, seed=2)
    board = make_board(flash_size="1MB")
    server = make_server(lab1=board, data_dir=tiny_disk / "data")
    assert server.rest.flash("lab1", ("0x10000", small)).status == 200
    assert len(server.kept_images()) == 1
    assert server.rest.flash("lab1", ("0x10000", large)).status == 200
    assert board.holds(0x10000, large)
    assert len(server.kept_images()) == 1
    disk = os.statvfs(tiny_disk)
    assert send(server.rest, os.urandom(disk.f_bavail * disk.f_frsize + (24 << 10))).status == 201
    assert server.kept_images() == [] and {digest(small), digest(large)} < set(hashes(server.rest))
    assert server.rest.flash("lab1", ("0x10000", small)).status == 200
    assert board.holds(0x10000, small)


def test_firmware__directory_that_cannot_be_written(make_server):
    server = make_server(preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    os.rename(os.path.join(server.data_dir, "firmware"), os.path.join(server.data_dir, "away"))
    assert_problem(send(server.rest, IMAGE), 503, "not-recorded", "No such file")
    os.rename(os.path.join(server.data_dir, "away"), os.path.join(server.data_dir, "firmware"))
    assert send(server.rest, IMAGE).status == 201
    assert_problem(send(server.rest, firmware.payload(2 << 20)), 507, "no-space")
    assert server.files() == [digest(IMAGE)]
