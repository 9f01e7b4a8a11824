"""What every student's server is told, on one machine and in a cluster."""

c = get_config()  # noqa: F821

# Sockets in a folder instead of ports: nobody else on the machine can take them, and no two kernels draw the same.
c.KernelManager.transport = "ipc"
# A kernel that nobody looks at gives its memory back. The page stays; *Run All* brings the pictures back.
c.MappingKernelManager.cull_idle_timeout = 20 * 60
c.MappingKernelManager.cull_interval = 60
# What the pages do not need costs every student some memory.
unused = "jupyter_lsp", "nbclassic", "notebook_shim", "voila.server_extension"
c.ServerApp.jpserver_extensions = dict.fromkeys(unused, False)
c.LanguageServerManager.autodetect = False
# Nothing is asked of the network: no news, no new versions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
