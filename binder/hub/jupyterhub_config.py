"""A JupyterHub for a class on one machine; README.md beside this file says how it is used."""

import os
import secrets
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import settings  # noqa: E402
import spawners  # noqa: E402

from course.handouts.copies import write_copies  # noqa: E402

c = get_config()  # noqa: F821
TRIAL = os.environ.get("COURSE_TRIAL") == "1"
STUDENTS = settings.CLASS / "students.txt"
if not TRIAL and not (os.geteuid() == 0 and STUDENTS.exists()):
    sys.exit(
        f"A class needs a user of the system for each student, their names in {STUDENTS}, and a hub that root starts. "
        "With COURSE_TRIAL=1 the hub is tried on this machine alone: all students are then one user, you, and each can "
        "read and delete the others' files and yours."
    )

settings.CLASS.mkdir(parents=True, exist_ok=True)
settings.PROGRAMS.mkdir(exist_ok=True)
hub = settings.CLASS / "hub"
hub.mkdir(mode=0o700, exist_ok=True)
if not settings.PAGES.exists():
    write_copies(settings.PAGES)

# The hub and its proxy. Its files stay, so that the same students are known the next day; nobody else reads them.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{hub / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(hub / "cookie_secret")
c.ConfigurableHTTPProxy.command = [sys.executable, "-c", "from configurable_http_proxy.cli import main; main()"]
c.ConfigurableHTTPProxy.pid_file = str(hub / "proxy.pid")
c.JupyterHub.concurrent_spawn_limit = 0

# Students.
if TRIAL:
    password = os.environ.get("COURSE_PASSWORD") or secrets.token_hex(4)
    print(f"*** A trial: any name and the password {password}. All students are one user of this system: you. ***")
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = password
    c.Authenticator.allow_all = True
    c.JupyterHub.spawner_class = spawners.TrialSpawner
    c.Spawner.args = ["--allow-root"]
    c.SimpleLocalProcessSpawner.home_dir_template = str(settings.CLASS / "students" / "{username}")
else:
    c.JupyterHub.authenticator_class = "pam"
    c.Authenticator.allowed_users = set(STUDENTS.read_text(encoding="utf-8").split())
    c.JupyterHub.spawner_class = spawners.ForkingSpawner

# What a student gets. The folder of sockets needs a short path: the system allows 107 bytes.
c.Spawner.mem_limit = os.environ.get("COURSE_MEMORY", "1G")
c.Spawner.environment = settings.ENVIRONMENT | {"JUPYTER_RUNTIME_DIR": spawners.folder_of_sockets}
if "COURSE_EXCHANGE" in os.environ:
    c.Spawner.environment["COURSE_EXCHANGE"] = os.environ["COURSE_EXCHANGE"]  # see nbgrader_config.py
c.Spawner.default_url = "/lab/tree/course/00_start_here.ipynb"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120

template = Path(tempfile.mkdtemp(prefix="hub"), "template")
c.ForkingSpawner.template = str(template)
c.JupyterHub.services = [
    {
        "name": "template",
        "command": [sys.executable, str(HERE / "forking.py"), str(template)],
        "environment": settings.ENVIRONMENT,
    },
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    },
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
