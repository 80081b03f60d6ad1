# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in a trial. A scenario decides everything by the random source of its scene, does it, and answers a
verdict."""

import dataclasses
import os
import socket
import subprocess

import chips
import trial
from board import Board
from program import Program, wait_until
from server import Server

NOISE = ("drop", "corrupt", "dup", "delay")
LOWEST, HIGHEST = 1e-5, 1e-3
END_OF_UPLOAD, END_OF_WRITE = 20000, 80000  # bytes that the board has received by then, about
SLOW = "delay:0.002"  # work on such a line takes long enough to have a middle
LONGEST_LIFE = 2.5  # seconds until something is killed
TELNET_IAC = b"\xff"


@dataclasses.dataclass
class Outcome:
    """The end of a trial; `story` is what was done to whom."""
    scenario: str
    operation: str
    verdict: trial.Verdict
    story: str


class Scene:
    """A chip, a loader and an operation, chosen at random, and the programs of the trial."""

    def __init__(self, choose, directory):
        self.choose, self.directory = choose, directory
        self.chip, self.loader = choose.choice(chips.names()), choose.choice(("stub", "stub", "rom"))
        self.revision = choose.choice((None, *chips.OTHER_REVISIONS.get(self.chip, ())))
        self.operation = choose.choice([name for name in trial.OPERATIONS if trial.can(self.chip, self.loader, name)])
        self.programs, self.faults, self.board = [], [], None

    def add(self, program):
        self.programs.append(program)
        return program

    def start(self, *faults):
        """Starts the board with these faults, and a seed of their own."""
        options = ["--revision", self.revision] if self.revision else []
        self.faults = [*faults, f"seed:{self.choose.randrange(1 << 32)}"]
        self.board = self.add(Board(self.directory, self.chip, content=trial.OLD, flash_size="1MB", faults=self.faults,
                                    options=options))

    def attempt(self):
        return trial.attempt(self.board, self.directory, self.chip, self.loader, self.operation)

    def healthy(self, verdict):
        """Whether this is how it ends on a sound line."""
        if self.operation == "verify, other":
            return verdict.kind == trial.FAILURE and verdict.text.startswith("verify-failed")
        return verdict.kind == trial.RIGHT

    def story(self):
        revision = f"revision {self.revision}" if self.revision else ""
        return " ".join(filter(None, [self.chip, revision, self.loader, *self.faults]))

    def end(self):
        """Ends the programs; what was wrong with them, or None."""
        wrong = []
        for program in reversed(self.programs):
            try:
                program.judge()
            except AssertionError as error:
                wrong.append(str(error))
        return "\n".join(wrong)


def wrong(text):
    return trial.Verdict(trial.WRONG, text)


def noise(scene):
    choose, faults = scene.choose, []
    for kind in choose.sample(NOISE, choose.choice((1, 1, 1, 2))):
        rate = LOWEST * (HIGHEST / LOWEST) ** choose.random()
        faults.append(f"{kind}:{rate:.7f}{choose.choice(('', '', ':rx', ':tx'))}")
    scene.start(*faults, f"pause:{choose.choice((1, 20, 50, 300))}")
    return scene.attempt()


def free(board):
    """Whether its port takes a client. It sends one that comes too early away, and waits for the others to speak. This one
    stays until the board has noticed that it leaves: otherwise the next one may find it there, and the port in use."""
    try:
        with socket.create_connection(("127.0.0.1", board.port), timeout=0.3) as client:
            try:
                taken = client.recv(1) == TELNET_IAC
            except TimeoutError:
                taken = True
            client.shutdown(socket.SHUT_WR)
            client.settimeout(10)
            while client.recv(4096):
                pass
            return taken
    except OSError:
        return False


def accident(scene):
    """The board hangs, restarts, or is unplugged and comes back. It happens once, so that the try after the one that it
    hit is on a sound line."""
    kind = scene.choose.choice(("hang", "reset", "vanish"))
    at = scene.choose.randrange(20, END_OF_WRITE if scene.operation.startswith("write") else END_OF_UPLOAD)
    scene.start(f"{kind}:{at}{':0.3' if kind == 'vanish' else ''}")
    verdicts = []
    for _ in range(3):
        verdicts.append(scene.attempt())
        if verdicts[-1].kind in (trial.WRONG, trial.STRAY):
            return verdicts[-1]
        wait_until(lambda: free(scene.board), "the board to be plugged in again")
    hit = next((index for index, verdict in enumerate(verdicts) if not scene.healthy(verdict)), None)
    if hit is not None and not all(map(scene.healthy, verdicts[hit + 1:])):
        return wrong(f"one accident, and the tries ended so: {verdicts}")
    return verdicts[hit or 0]


def let_live(program, seconds):
    """Waits for a random moment in a program's life, or its end, and kills it."""
    try:
        program.process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    program.kill()


def killed_client(scene):
    """What a client that was killed leaves must not keep the next one from doing the work."""
    scene.start(SLOW)
    operation = trial.prepare(scene.operation, scene.directory, scene.chip, scene.loader)
    client = scene.add(Program(trial.arguments(scene.board, scene.loader, operation)))
    client.expected_status = {0, 1}
    let_live(client, scene.choose.random() * LONGEST_LIFE)
    # It may have been killed after its work, when it reset the board or closed the port.
    if client.process.returncode != 0 and getattr(operation, "left_over", bool)() and not operation.right(None, None):
        return wrong("a read that was killed left a file that is not whole")
    wait_until(lambda: free(scene.board), "the port to notice that its client is gone")
    verdict = scene.attempt()
    return trial.Verdict(trial.RIGHT, "") if scene.healthy(verdict) else wrong(f"the next try: {verdict}")


def killed_server(scene):
    """The successor of a server that was killed does its work on the same data directory."""
    scene.operation = "write"
    scene.loader = "stub"
    scene.start(SLOW)
    image, data = trial.prepare("write", scene.directory, scene.chip, scene.loader).image, os.path.join(scene.directory, "data")
    for last in (False, True):
        server = scene.add(Server(scene.directory, {"lab1": scene.board.address}, data_dir=data))
        server.rest.wait_board("lab1", "idle", timeout=60)
        if not last:
            server.rest.flash_async("lab1", (hex(trial.OFFSET), image))
            let_live(server, scene.choose.random() * LONGEST_LIFE)
    reply = server.rest.flash("lab1", (hex(trial.OFFSET), image))
    good = reply.status == 200 and scene.board.flash(trial.OFFSET, len(image)) == image
    return trial.Verdict(trial.RIGHT, "") if good else wrong(f"the next server: {reply}")


SCENARIOS = (noise,) * 5 + (accident,) * 3 + (killed_client,) * 2 + (killed_server,)


def run(choose, directory):
    """One trial."""
    scenario, scene = choose.choice(SCENARIOS), Scene(choose, directory)
    try:
        verdict = scenario(scene)
    except AssertionError as error:  # a program that does not end, or a sanitizer's report
        verdict = wrong(str(error))
    failure = scene.end()
    if failure:
        verdict = wrong(failure)
    return Outcome(scenario.__name__.replace("_", " "), scene.operation, verdict, scene.story())
