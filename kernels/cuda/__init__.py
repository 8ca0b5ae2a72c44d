"""Pixels and boxes on an NVIDIA GPU: the twins of ``kernels.pictures``, in CUDA C.

The sources are plain C++ without barriers, so that one text serves three times: on a machine with a GPU, CuPy
has NVRTC compile it; without one, tests have NVRTC compile it for several architectures and read that nothing
spills, and build it by g++, with a loop in place of the GPU's threads. What that computes is held against
``kernels.reference`` and the models' own decodes, also under the sanitizers of addresses and of undefined
behaviour. The same tests, marked ``gpu``, try a GPU where there is one: whether it computes the same is known
only where they ran.
"""
