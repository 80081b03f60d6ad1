# SPDX-License-Identifier: Apache-2.0
"""What libserialport finds of virtual boards behind the shim that gives their ptys a place on USB."""

import json
import os
import socket
import subprocess
import sys

import pytest

from program import bin_dir, environment, wait_until

# Lists the ports of libserialport with their USB identity, and opens each.
LIST = """
import ctypes, json
sp = ctypes.CDLL("libserialport.so.0")
for name in ("sp_get_port_name", "sp_get_port_usb_serial"):
    getattr(sp, name).restype = ctypes.c_char_p
ports, found = ctypes.POINTER(ctypes.c_void_p)(), []
assert sp.sp_list_ports(ctypes.byref(ports)) == 0
for port in ports:
    if not port:
        break
    port, numbers = ctypes.c_void_p(port), [ctypes.c_int(-1) for _ in range(4)]
    if sp.sp_get_port_usb_vid_pid(port, ctypes.byref(numbers[0]), ctypes.byref(numbers[1])) != 0:
        continue
    sp.sp_get_port_usb_bus_address(port, ctypes.byref(numbers[2]), ctypes.byref(numbers[3]))
    opened = sp.sp_open(port, 3) == 0
    if opened:
        sp.sp_close(port)
    found.append([sp.sp_get_port_name(port).decode(), *[n.value for n in numbers],
                  (sp.sp_get_port_usb_serial(port) or b"").decode(), opened])
import os
places = [os.path.basename(os.readlink("/sys/class/tty/" + f[0][5:]).split("/tty/")[0]) for f in found]
print(json.dumps([f + [place] for f, place in zip(found, places)]))
"""


@pytest.fixture
def list_ports():
    """list_ports(usb, link, ...) is what libserialport lists: name, vendor, product, bus, address, serial number, whether it
    can be opened, and its place."""
    library = os.path.join(os.path.dirname(bin_dir()), "lib", "libff_serial_shim.so")
    if not os.path.exists(library):
        pytest.skip(f"{library} has not been built")

    def listed(usb, *links):
        env = environment({"LD_PRELOAD": library, "FF_SHIM_LINK": ":".join(map(str, links)), "FF_SHIM_USB": usb})
        return json.loads(subprocess.run([sys.executable, "-c", LIST], env=env, check=True, timeout=20,
                                         stdout=subprocess.PIPE).stdout)
    return listed


def name_of(link):
    return "/dev/ttyACM" + os.path.basename(os.readlink(link))


def test_serial_shim__two_devices_and_one_that_is_none(make_board, tmp_path, list_ports):
    links = [tmp_path / name for name in ("one", "none", "two")]
    for link in links:
        make_board("esp32c3", listen=f"pty:{link}")
    found = list_ports("303a,1001,24:0A:C4:00:00:01,1,5,1-1.2;;10c4,ea60,0001,2,17,2-3,1", *links)
    assert found == [
        [name_of(links[0]), 0x303A, 0x1001, 1, 5, "24:0A:C4:00:00:01", True, "1-1.2:1.0"],
        [name_of(links[2]), 0x10C4, 0xEA60, 2, 17, "0001", True, "2-3:1.1"],
    ]


def test_serial_shim__device_comes_back_under_another_name(make_board, tmp_path, list_ports):
    link, usb = tmp_path / "tty", "303a,1001,7C:DF:A1:00:00:01,1,5,1-1"
    make_board("esp32s3", listen=f"pty:{link}", options=["--usb", "jtag,reenumerate"])
    [before] = list_ports(usb, link)
    holder = os.open(os.readlink(link), os.O_RDWR | os.O_NOCTTY)  # its number stays taken
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"01", f"{link}.lines")

    def is_back():
        try:
            return os.path.exists(f"{link}.lines") and name_of(link) != before[0]
        except FileNotFoundError:
            return False
    wait_until(is_back, "the port under another name")
    [after] = list_ports(usb, link)
    os.close(holder)
    assert after == [name_of(link), *before[1:]]
