# SPDX-License-Identifier: Apache-2.0
"""Makes tokens of a server, and asks it with them."""

from program import program_path, run, wait_until
from rest import Rest


def token_command(*arguments, **options):
    return run([program_path("farflashd"), "token", *arguments], **options)


def make_token(data_dir, name, scope, *options):
    done = token_command("add", name, "--scope", scope, "--data-dir", data_dir, *options)
    assert done.status == 0, done
    return done.stdout.strip()


def remove_token(data_dir, name):
    done = token_command("remove", name, "--data-dir", data_dir)
    assert done.status == 0, done


class Bearer(Rest):
    """A client that shows a token with each request."""

    def __init__(self, port, token, **options):
        super().__init__(port, **options)
        self.token = token

    def request(self, method, path, body=None, headers=None, timeout=60.0):
        return super().request(method, path, body, {"Authorization": f"Bearer {self.token}", **(headers or {})}, timeout)


def wait_in_force(server):
    """Until the server has noticed its first token."""
    wait_until(lambda: server.rest.request("GET", "/api/v1/boards").status == 401, "tokens to be in force")
