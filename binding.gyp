# No sources and no flags here: prebuildify drives node-gyp, and this drives CMakeLists.txt.
{
  'targets': [{
    'target_name': 'glorot',
    'type': 'none',
    'actions': [{
      'action_name': 'cmake_js',
      'inputs': ['CMakeLists.txt'],
      'outputs': ['<(module_root_dir)/build/cmake/Release/glorot.node'],
      'action': ['node', '<(module_root_dir)/scripts/cmake-js.cjs', 'compile',
                 '-O', '<(module_root_dir)/build/cmake', '-a', '<(target_arch)'],
    }],
    'copies': [{ 'destination': '<(PRODUCT_DIR)', 'files': ['<(module_root_dir)/build/cmake/Release/glorot.node'] }],
  }],
}
