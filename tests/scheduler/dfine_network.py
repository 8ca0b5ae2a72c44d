"""A small D-FINE network with random weights, built by transformers and saved as published ones are."""

from collections.abc import Sequence
from typing import Any

import torch

from argusd.scheduler.models.objects.coco import COCO

from .oracles import oracle

CHANNELS = {"stage1": 8, "stage2": 16, "stage3": 32, "stage4": 64}
STRIDES = [4, 8, 16, 32]


def dfine_network(labels: Sequence[str] = COCO, scales: int = 2) -> Any:
    """Two scales as D-FINE-N has, or three as the larger ones, two decoder layers, and features large enough
    that no two queries come out alike."""
    transformers = oracle("transformers")
    features = dict(list(CHANNELS.items())[-scales:])

    backbone = transformers.HGNetV2Config(
        embedding_size=8,
        hidden_sizes=[*CHANNELS.values()],
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 16, 32],
        stage_mid_channels=[8, 8, 8, 16],
        stage_out_channels=[*CHANNELS.values()],
        stage_num_blocks=[1, 1, 1, 1],
        stage_downsample=[False, True, True, True],
        stage_light_block=[False, False, True, True],
        stage_kernel_size=[3, 3, 5, 5],
        stage_numb_of_layers=[1, 1, 1, 1],
        use_learnable_affine_block=True,
        out_features=list(features),
    )
    config = transformers.DFineConfig(
        backbone_config=backbone,
        encoder_in_channels=list(features.values()),
        feat_strides=STRIDES[-scales:],
        encode_proj_layers=[scales - 1],
        d_model=32,
        encoder_hidden_dim=32,
        encoder_ffn_dim=32,
        hidden_expansion=0.34,
        depth_mult=0.34,
        decoder_in_channels=[32] * scales,
        num_feature_levels=scales,
        decoder_n_points=[3] * scales,
        decoder_ffn_dim=32,
        decoder_layers=2,
        id2label=dict(enumerate(labels)),
    )
    torch.manual_seed(1)
    network: Any = transformers.DFineForObjectDetection(config).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                torch.nn.init.normal_(module.bias, std=0.1)
    return network
